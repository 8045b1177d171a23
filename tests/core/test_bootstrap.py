"""Percentile bootstrap intervals."""

import numpy as np
import pytest

from core.bootstrap import interval


def test_equal_values_have_no_spread() -> None:
    assert interval([0.5] * 20) == {"mean": 0.5, "low": 0.5, "high": 0.5}


def test_one_value_is_its_own_interval() -> None:
    assert interval([3.0]) == {"mean": 3.0, "low": 3.0, "high": 3.0}


def test_the_same_values_give_the_same_interval() -> None:
    values = [0.1, 0.9, 0.4, 0.4]
    assert interval(values) == interval(values)


def test_a_large_sample_agrees_with_the_normal_approximation() -> None:
    values = np.random.default_rng(3).normal(2.0, 1.5, 2000)
    found = interval(list(values))
    half = 1.96 * values.std() / np.sqrt(2000)
    assert found["mean"] == pytest.approx(values.mean())
    assert found["low"] == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert found["high"] == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_a_share_of_eight_in_ten_has_the_binomial_interval() -> None:
    found = interval([1.0] * 8 + [0.0] * 2)
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((0.8, 0.5, 1.0))


def test_about_ninety_five_intervals_in_a_hundred_hold_the_truth() -> None:
    draw = np.random.default_rng(5)
    found = [interval(list(draw.normal(0.0, 1.0, 60))) for _ in range(100)]
    assert sum(one["low"] <= 0.0 <= one["high"] for one in found) in range(87, 101)
