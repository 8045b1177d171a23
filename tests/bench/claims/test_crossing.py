"""Where scores stop helping, by hand."""

import numpy as np
import pytest

from bench.claims.crossing import crossing, interval

LEVELS = (0.0, 0.2, 0.4)


@pytest.mark.parametrize(
    ("above", "at"),
    [
        ([0.3, 0.1, -0.1], 0.3),  # half way
        ([0.3, -0.1, -0.2], 0.15),  # three quarters of the way
        ([0.3, 0.0, -0.2], 0.2),
        ([0.0, 0.1, -0.2], 0.0),
        ([-0.1, 0.1, 0.2], 0.0),
        ([0.3, 0.2, 0.1], None),
    ],
)
def test_the_crossing_lies_on_a_straight_line_between_two_levels(above: list[float], at: float | None) -> None:
    assert crossing(LEVELS, above) == (None if at is None else pytest.approx(at))


def test_its_interval_goes_over_the_seeds() -> None:
    seeds = [np.array([[0.3], [0.3]]), np.array([[0.1], [-0.1]]), np.array([[-0.1], [-0.3]])]
    found = interval(LEVELS, seeds)
    assert found == {"at": pytest.approx(0.2), "low": pytest.approx(0.15), "high": pytest.approx(0.3)}
    assert interval(LEVELS, [np.ones((2, 4))] * 3) == {"at": None, "low": None, "high": None}
