"""Many sides in alternation, and the summary's rows of them."""

import pytest
import torch

from bench.rotation import Rotation, Round, ratios, read, rows, spread, whole
from bench.window import Window


def found(**seconds: float) -> Round:
    """A round with 10 pairs a side, which take so many seconds and twice as many CPU-seconds."""
    return {name.replace("_", "-"): Window(10, took, 2 * took) for name, took in seconds.items()}


def test_a_round_goes_through_the_sides_in_one_order_and_back_on_the_same_numbers() -> None:
    seen: list[tuple[str, int]] = []
    steps = {name: lambda number, name=name: seen.append((name, number)) for name in ("a", "b")}
    told = Rotation(steps=2, batch=8, device=torch.device("cpu")).round(steps, 1)
    assert seen == [("a", 4), ("a", 5), ("b", 4), ("b", 5), ("b", 6), ("b", 7), ("a", 6), ("a", 7)]
    assert (told["a"].units, told["b"].units) == (32, 32)


def test_raw_rows_hold_all_that_the_summary_is_made_of() -> None:
    short, long = [found(ours=1.0, best=2.0), found(ours=1.0, best=3.0)], [found(ours=2.0, best=2.0)]
    assert read([*rows(short, "short"), *rows(long, "long")]) == {"short": short, "long": long}


def test_a_ratio_is_told_by_the_clock_and_by_cpu_seconds() -> None:
    told = ratios("cpu/best/short", [found(ours=1.0, best=2.0)] * 2, "ours", "best")
    expected = {"ratio": 2.0, "low": 2.0, "high": 2.0}
    assert told == {"cpu/best/short": expected, "cpu/best/short/cpu-seconds": expected}


def test_what_is_computed_beforehand_counts_once_however_many_epochs_follow() -> None:
    rounds = [found(ours=1.0, best=2.0, default=4.0, precompute_ours=1.0, precompute_best=3.0)]
    one, three = spread("best", rounds, "best", epochs=1), spread("best", rounds, "best", epochs=3)
    assert one["best/1-epoch"]["ratio"] == pytest.approx((2 + 3) / (1 + 1))
    assert three["best/3-epochs"]["ratio"] == pytest.approx((2 + 3 / 3) / (1 + 1 / 3))
    assert spread("default", rounds, "default", epochs=1)["default/1-epoch"]["ratio"] == pytest.approx(4 / (1 + 1))


def test_all_sets_together_weigh_the_same_however_long_they_take() -> None:
    quick, slow = [found(ours=0.1, best=0.8)] * 3, [found(ours=100.0, best=200.0)] * 3
    told = whole("cpu/best", [quick, slow], "ours", "best")
    assert told["cpu/best"]["ratio"] == pytest.approx(4.0)
    assert set(told) == {"cpu/best", "cpu/best/cpu-seconds"}
