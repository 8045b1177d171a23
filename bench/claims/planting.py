"""Errors that are put into pairs: exact shares, drawn from a seed. A larger share holds the pairs of a smaller one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.claims.pair import Pair
from core.seeds import derive_seed

Pairs = list[Pair]


def drawn(number: int, share: float, *, seed: int, name: str) -> frozenset[int]:
    """Places of round(share * number) of them."""
    order = _generator(seed, name).permutation(number)
    return frozenset(order[: round(share * number)].tolist())


def swapped(pairs: Sequence[Pair], share: float, *, seed: int) -> Pairs:
    """A share of the pairs with chosen and rejected exchanged; the scores follow the texts."""
    at = drawn(len(pairs), share, seed=seed, name="swaps")
    return [pair.swapped() if place in at else pair for place, pair in enumerate(pairs)]


def misjudged(pairs: Sequence[Pair], share: float, *, seed: int) -> Pairs:
    """A share of the pairs whose two scores are exchanged: the reward model errs in the sign of their difference."""
    at = drawn(len(pairs), share, seed=seed, name="sign errors")
    return [
        pair.scored(pair.score_rejected, pair.score_chosen) if place in at else pair for place, pair in enumerate(pairs)
    ]


def shuffled(pairs: Sequence[Pair], *, seed: int) -> Pairs:
    """Each pair under the two scores of another, drawn without replacement: they say nothing about it any more."""
    order = _generator(seed, "shuffle").permutation(len(pairs)).tolist()
    return [
        pair.scored(pairs[other].score_chosen, pairs[other].score_rejected)
        for pair, other in zip(pairs, order, strict=True)
    ]


def biased(pairs: Sequence[Pair], *, planted: float, members: Sequence[float], tau: float) -> Pairs:
    """Pairs labelled by a scorer that likes length: the side it scores higher is chosen. It is the pair's scorer.

    A scorer with bias b gives s / tau + b * words / (standard deviation of the difference in words). `members` are the
    biases of an ensemble's scorers.
    """
    spread = float(np.std([pair.longer for pair in pairs])) or 1.0

    def told(pair: Pair, bias: float) -> tuple[float, float]:
        sides = ((pair.score_chosen, pair.chosen), (pair.score_rejected, pair.rejected))
        chosen, rejected = (score / tau + bias * len(text.split()) / spread for score, text in sides)
        return chosen, rejected

    found = [
        replace(pair.scored(*told(pair, planted)), rewards=tuple(told(pair, bias) for bias in members))
        for pair in pairs
    ]
    return [pair.swapped() if pair.difference < 0 else pair for pair in found]


def labelled(pairs: Sequence[Pair], *, seed: int) -> Pairs:
    """The right side chosen where the judge tells them apart; elsewhere the label stands as a coin falls."""
    coins = _generator(seed, "coins").integers(0, 2, len(pairs)).tolist()
    return [
        pair.swapped() if (pair.right_rejected if pair.decided else coin) else pair
        for pair, coin in zip(pairs, coins, strict=True)
    ]


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(derive_seed(seed, "claims", name)))
