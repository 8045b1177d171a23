"""Which pairs a step takes: a pure function of (seed, epoch, step), so that a run resumes exactly where it stood."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.seeds import derive_seed


@dataclass(frozen=True)
class Order:
    """The order of `pairs` pairs over the epochs, `batch_size` of them in one step; the last batch may be smaller."""

    pairs: int
    batch_size: int
    epochs: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps that see every pair once."""
        return -(-self.pairs // self.batch_size)

    @property
    def total_steps(self) -> int:
        """Optimizer steps of the run."""
        return self.steps_per_epoch * self.epochs

    def epoch_of(self, step: int) -> int:
        """The epoch, from 0, in which a step (from 1) falls."""
        return (step - 1) // self.steps_per_epoch

    def ends_epoch(self, step: int) -> bool:
        """Whether a step is the last of its epoch."""
        return step % self.steps_per_epoch == 0

    def validates(self, step: int, every: int | None) -> bool:
        """Whether a validation follows a step: at the end of each epoch, and where it is told after every so many."""
        return self.ends_epoch(step) or (every is not None and step % every == 0)

    def validations(self, every: int | None) -> int:
        """How many there are in all steps."""
        if every is None:
            return self.epochs
        both = self.total_steps // math.lcm(every, self.steps_per_epoch)
        return self.epochs + self.total_steps // every - both

    def batch(self, step: int) -> list[int]:
        """Indexes of the pairs that a step (from 1) takes."""
        start = (step - 1) % self.steps_per_epoch * self.batch_size
        return [int(i) for i in _shuffled(self.pairs, self.seed, self.epoch_of(step))[start : start + self.batch_size]]


@lru_cache(maxsize=2)
def _shuffled(pairs: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.Generator(np.random.PCG64(derive_seed(seed, "order", epoch))).permutation(pairs)
