"""Where scores stop helping: the least share of sign errors at which a form of rdpo falls to dpo's gold."""

from collections.abc import Sequence

import numpy as np

from bench.claims.inequality import RESAMPLES, Matrix


def crossing(levels: Sequence[float], above: Sequence[float]) -> float | None:
    """The first level at which the advantage is gone, between two levels on a straight line.

    above: the advantage at each level. None where it lasts past the last one.
    """
    if above[0] <= 0:
        return levels[0]
    for place in range(1, len(levels)):
        if above[place] <= 0:
            before, after = above[place - 1], above[place]
            return levels[place - 1] + (levels[place] - levels[place - 1]) * before / (before - after)
    return None


def interval(levels: Sequence[float], matrices: Sequence[Matrix]) -> dict[str, float | None]:
    """`{at, low, high}` over seeds, drawn anew; matrices: the advantage at each level, [S, N]. None: past the last."""
    by_seed = np.stack([matrix.mean(axis=1) for matrix in matrices])  # [levels, S]
    generator = np.random.Generator(np.random.PCG64(0))
    rows = generator.integers(0, by_seed.shape[1], (RESAMPLES, by_seed.shape[1]))
    drawn = [crossing(levels, by_seed[:, row].mean(axis=1).tolist()) for row in rows]
    ends = np.quantile([np.inf if at is None else at for at in drawn], (0.025, 0.975), method="nearest")
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    return {"at": crossing(levels, by_seed.mean(axis=1).tolist()), "low": low, "high": high}
