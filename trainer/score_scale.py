"""The scale of score differences on the training split: what `tau: auto` stands for."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from trainer.encoded_pair import EncodedPair


def score_scale(pairs: Iterable[EncodedPair]) -> float:
    """The standard deviation of s_w - s_l over scored pairs; 1 where it is zero or there are fewer than two."""
    scored = (p.score_chosen - p.score_rejected for p in pairs if p.rejected is not None and p.scored)
    return _spread(np.fromiter(scored, np.float64))


def member_scales(pairs: Iterable[EncodedPair]) -> list[float]:
    """The same of each member of an ensemble by itself."""
    differences = [[w - lo for w, lo in pair.rewards] for pair in pairs if pair.rejected is not None]
    return [_spread(column) for column in np.array(differences, np.float64).T]


def _spread(differences: NDArray[np.float64]) -> float:
    spread = float(np.std(differences, ddof=1)) if len(differences) > 1 else 0.0
    return spread if spread > 0 else 1.0
