"""Percentile bootstrap intervals of a mean (Efron 1979)."""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 4000
SEED = 0


def interval(values: Sequence[float]) -> dict[str, float]:
    """`{"mean", "low", "high"}`: the mean and its 95% percentile bootstrap interval; `values` must not be empty."""
    data = np.asarray(values, dtype=np.float64)
    generator = np.random.Generator(np.random.PCG64(SEED))
    means = np.concatenate(
        [data[generator.integers(0, len(data), (200, len(data)))].mean(axis=1) for _ in range(RESAMPLES // 200)]
    )
    low, high = np.quantile(means, (0.025, 0.975))
    return {"mean": float(data.mean()), "low": float(low), "high": float(high)}
