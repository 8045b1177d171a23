"""Padding efficiency: of the positions that go through the backbone, how many are needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainer.batches import MicroBatch
from trainer.encoded_pair import EncodedPair


@dataclass(frozen=True)
class Padding:
    """Positions of a side on the same pairs: `needed` once each, `own` tokens of its rows, `forwarded` with padding.

    Needed are prompt, chosen and rejected tokens; the last of an answer predicts nothing.
    """

    needed: int
    own: int
    forwarded: int

    @property
    def figures(self) -> dict[str, float]:
        """Shares of what is forwarded: `useful` is needed, `filled` is no padding."""
        return {"useful": self.needed / self.forwarded, "filled": self.own / self.forwarded}


def needed(pairs: Iterable[EncodedPair]) -> int:
    """Positions that must be computed once."""
    return sum(pair.once - 2 for pair in pairs)


def of_batches(pairs: Sequence[EncodedPair], batches: Iterable[MicroBatch]) -> Padding:
    """Ours: packed rows have no padding, those of a rectangle have."""
    forwarded, own = 0, 0
    for batch in batches:
        forwarded += batch.input_ids.numel()
        own += batch.input_ids.numel() if batch.layout else 0
    return Padding(needed(pairs), own or sum(pair.tokens for pair in pairs), forwarded)


def of_rectangles(pairs: Sequence[EncodedPair], micro: int) -> Padding:
    """TRL's: so many pairs in a rectangle, in their order, each prompt twice."""
    cuts = [pairs[start : start + micro] for start in range(0, len(pairs), micro)]
    forwarded = sum(2 * len(cut) * max(pair.length for pair in cut) for cut in cuts)
    return Padding(needed(pairs), sum(pair.tokens for pair in pairs), forwarded)
