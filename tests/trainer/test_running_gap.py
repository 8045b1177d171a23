"""The running mean and standard deviation of the gap, worked by hand and kept bit for bit."""

import pytest
import torch

from tests.factories.columns import columns, drawn
from trainer.running_gap import RunningGap, gap_sums

CPU = torch.device("cpu")


def after(*steps: list[float]) -> RunningGap:
    """After steps with these gaps."""
    running = RunningGap(CPU)
    for gaps in steps:
        running.update(torch.tensor([sum(gaps), sum(gap**2 for gap in gaps), len(gaps)], dtype=torch.float64))
    return running


def told(running: RunningGap) -> tuple[float, float]:
    mean, sd = running.statistics()
    return mean.item(), sd.item()


def test_the_first_step_counts_whole() -> None:
    assert told(after([1.0, 2.0, 6.0])) == pytest.approx((3.0, (14 / 3) ** 0.5), rel=1e-6)


def test_a_later_step_counts_a_tenth_and_what_came_before_nine() -> None:
    # weights .09 and .1 of .19: mean (.09 * 2 + .1 * 6) / .19; square (.09 * 5 + .1 * 40) / .19
    mean, square = 0.78 / 0.19, 4.45 / 0.19
    assert told(after([1.0, 3.0], [4.0, 8.0])) == pytest.approx((mean, (square - mean**2) ** 0.5), rel=1e-6)


def test_before_the_first_step_there_is_no_gap() -> None:
    assert told(RunningGap(CPU)) == (0.0, 0.0)


def test_a_step_without_pairs_changes_nothing() -> None:
    running, same = after([1.0, 2.0], []), after([1.0, 2.0])
    assert torch.equal(running.averages, same.averages)


def test_equal_gaps_have_no_deviation() -> None:
    assert told(after([0.1] * 3, [0.1] * 5)) == pytest.approx((0.1, 0.0), abs=1e-6)


def test_a_gap_is_the_log_ratio_per_token() -> None:
    # -10/5 + 15/5 and -12/4 + 8/4: 1 - -1 = 2
    assert gap_sums(columns([[-10.0, -12.0, -15.0, -8.0, 0.0, 0.0]] * 2)).tolist() == [4.0, 8.0, 2.0]


def test_what_is_saved_is_restored_bit_for_bit() -> None:
    running, other = RunningGap(CPU), RunningGap(CPU)
    for seed in range(4):
        running.update(gap_sums(drawn(seed=seed)))
    other.restore(running.saved())
    assert torch.equal(running.averages, other.averages)
