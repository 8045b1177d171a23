"""Held or not held, by hand-worked numbers."""

import numpy as np
import pytest

from bench.claims.inequality import Estimate, Inequality, Term, estimate, gap, values

BETTER = [{"gold": "1111", "h": 2.0}, {"gold": "1110", "h": 3.0}]
WORSE = [{"gold": "0011", "h": 1.0}, {"gold": "0010", "h": 1.0}]
RESULTS = {"better": BETTER, "worse": WORSE}


def test_digits_and_numbers_become_rows_of_seeds() -> None:
    assert values(BETTER, "gold").tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert values(BETTER, "h").tolist() == [[2], [3]]


def test_the_sum_of_the_terms_is_taken_answer_by_answer() -> None:
    each = Inequality("a", "", gap("better", "worse"))
    assert each.matrix(RESULTS).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0]]
    half = Inequality("a", "", (Term("better", "h"), Term("worse", "h", -0.5)))
    assert half.matrix(RESULTS).tolist() == [[1.5], [2.5]]


def test_an_interval_has_the_mean_and_the_spread_over_seeds_and_answers() -> None:
    found = estimate(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0]]))
    # Seeds agree, so a draw's mean is the share of the two first columns among four: 0 or 1 in one of 16 draws each.
    assert found == Estimate(0.5, 0.0, 1.0)
    alone = estimate(np.array([[2.0], [3.0]]))
    assert alone == Estimate(2.5, 2.0, 3.0)
    assert estimate(np.full((5, 3), 0.25)) == Estimate(0.25, 0.25, 0.25)


def test_the_interval_of_many_answers_is_that_of_a_share() -> None:
    hits = np.array([[1.0] * 300 + [0.0] * 100])
    found = estimate(hits)
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.006)


@pytest.mark.parametrize(
    ("side", "bound", "low", "high", "verdict"),
    [
        (">", 0.0, 0.01, 0.2, "held"),
        (">", 0.0, 0.0, 0.2, "not held: undecided"),
        (">", 0.0, -0.2, 0.0, "not held"),
        (">=", -0.02, -0.02, 0.1, "held"),
        (">=", -0.02, -0.03, 0.1, "not held: undecided"),
        (">=", -0.02, -0.3, -0.03, "not held"),
        ("<", 0.1, -0.1, 0.09, "held"),
        ("<", 0.1, 0.05, 0.1, "not held: undecided"),
        ("<", 0.1, 0.1, 0.2, "not held"),
        ("<=", 0.02, -0.1, 0.02, "held"),
        ("<=", 0.02, 0.03, 0.1, "not held"),
    ],
)
def test_it_is_held_when_all_of_the_interval_lies_on_the_right_side(
    side: str, bound: float, low: float, high: float, verdict: str
) -> None:
    each, found = Inequality("a", "", (), bound, side), Estimate((low + high) / 2, low, high)
    assert each.verdict(found) == verdict
    assert each.held(found) == (verdict == "held")
