"""An inequality between arms: its figure, its paired 95% interval, and whether it is held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
Matrix = NDArray[np.float64]
Results = Mapping[str, Sequence[Mapping[str, Any]]]  # by arm's name: of each seed, in order, what its cell found


@dataclass(frozen=True)
class Term:
    """So many times what the cells of an arm found under a name: a number, or a digit for each answer."""

    arm: str
    of: str = "gold"
    times: float = 1.0


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and answers with its 95% interval."""

    figure: float
    low: float
    high: float


Side = Literal[">", ">=", "<", "<="]
OPPOSITE: dict[Side, Side] = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
RIGHT: dict[Side, Callable[[Estimate, float], bool]] = {
    ">": lambda found, bound: found.low > bound,
    ">=": lambda found, bound: found.low >= bound,
    "<": lambda found, bound: found.high < bound,
    "<=": lambda found, bound: found.high <= bound,
}


@dataclass(frozen=True)
class Inequality:
    """The sum of its terms lies on a side of a bound."""

    name: str
    says: str
    terms: tuple[Term, ...]
    bound: float = 0.0
    side: Side = ">"

    def matrix(self, results: Results) -> Matrix:
        """The sum of the terms for each seed and answer, [S, N]."""
        terms = [term.times * values(results[term.arm], term.of) for term in self.terms]
        total: Matrix = np.stack(terms).sum(axis=0)
        return total

    def held(self, found: Estimate) -> bool:
        """Whether all of the interval lies on the right side."""
        return RIGHT[self.side](found, self.bound)

    def broken(self, found: Estimate) -> bool:
        """Whether all of it lies on the wrong side."""
        return RIGHT[OPPOSITE[self.side]](found, self.bound)

    def verdict(self, found: Estimate) -> str:
        """In words: an interval on both sides of the bound decides nothing, and is not held."""
        return "held" if self.held(found) else "not held" if self.broken(found) else "not held: undecided"


def gap(first: str, second: str, of: str = "gold") -> tuple[Term, Term]:
    """The first arm less the second, answer by answer."""
    return Term(first, of), Term(second, of, -1.0)


def values(cells: Sequence[Mapping[str, Any]], of: str) -> Matrix:
    """What the cells of an arm found, [S, N]; N is 1 for a number."""
    rows = [[float(digit) for digit in found] if isinstance(found := cell[of], str) else [found] for cell in cells]
    return np.array(rows, dtype=np.float64)


def estimate(matrix: Matrix) -> Estimate:
    """Mean and percentile interval of a bootstrap (Efron 1979) over seeds and, independently, over answers.

    All seeds and arms have the same prompts, so a draw takes whole rows and whole columns.
    """
    seeds, answers = matrix.shape
    generator = np.random.Generator(np.random.PCG64(0))
    rows = generator.integers(0, seeds, (RESAMPLES, seeds))
    weights = np.stack([np.bincount(row, minlength=seeds) for row in rows]) / seeds
    means = weights @ matrix  # [RESAMPLES, N]
    columns = generator.integers(0, answers, (RESAMPLES, answers))
    low, high = np.quantile(np.take_along_axis(means, columns, axis=1).mean(axis=1), (0.025, 0.975))
    return Estimate(float(matrix.mean()), float(low), float(high))
