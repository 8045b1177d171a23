"""Paired ratios in alternating windows: A B B A A B ..., the median ratio and its bootstrap 95% interval."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

RESAMPLES = 4000
SAME = 0.03  # how far from 1.00 a side beside itself may be


def alternate(first: Callable[[], float], second: Callable[[], float], *, rounds: int) -> list[tuple[float, float]]:
    """Run both `rounds` times, changing who goes first; each returns its figure (a rate) for the window."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            later = second()
            pairs.append((first(), later))
        else:
            earlier = first()
            pairs.append((earlier, second()))
    return pairs


def timed(work: Callable[[], int]) -> Callable[[], float]:
    """A window that returns units of work per second; `work` returns how many units it did."""

    def window() -> float:
        begun = time.perf_counter()
        units = work()
        return units / (time.perf_counter() - begun)

    return window


def summary(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    """`{"ratio", "low", "high"}` of first over second: the median of the paired ratios and its 95% interval."""
    ratios = np.asarray([first / second for first, second in pairs])
    draws = np.random.Generator(np.random.PCG64(0)).integers(0, len(ratios), (RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(ratios[draws], axis=1), (0.025, 0.975))
    return {"ratio": float(np.median(ratios)), "low": float(low), "high": float(high)}


def unusable(figures: Mapping[str, Mapping[str, float]], rows: Sequence[str]) -> list[str]:
    """Of rows that hold a side against itself those which are too far from 1.00: ratios beside them prove nothing."""
    found = [row for row in rows if abs(figures[row]["ratio"] - 1) > SAME]
    for row in found:
        print(f"{row} is {figures[row]['ratio']:.3f}, not 1.00: do not believe the ratios beside it.", file=sys.stderr)
    return found
