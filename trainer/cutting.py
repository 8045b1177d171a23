"""How pairs are cut into micro-batches: the shortest first, as many as a budget of tokens holds.

What a step takes, and so its gradient, does not depend on the cut.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trainer.batches import Form, MicroBatch, Reference, collate, fillers
from trainer.encoded_pair import EncodedPair
from trainer.packing import pack
from trainer.spool import Spool


@dataclass(frozen=True)
class Cutting:
    """`tokens` of one forward pass at most, padding included, and `size` pairs if it is told; a pair is never cut."""

    tokens: int
    size: int | None = None
    form: Form = "rows"
    pad: int = 0

    def batches(self, pairs: Sequence[EncodedPair], reference: Reference | None = None) -> list[MicroBatch]:
        """The pairs in micro-batches: how they are cut depends on nothing but the pairs."""
        ordered = sorted(pairs, key=lambda pair: pair.length)
        starts = self.starts([pair.length for pair in ordered], [pair.once for pair in ordered])
        cuts = [ordered[start:end] for start, end in pairwise(starts)]
        return [self.batch(cut, reference=reference, number=number) for number, cut in enumerate(cuts)]

    def spooled(self, spool: Spool, *, share: tuple[int, int]) -> Iterator[MicroBatch]:
        """The same of a whole spool, one by one; `share` is (rank, world size): every so-manieth is made.

        Each process is given as many: see `trainer.batches.filler`.
        """
        order = np.argsort(spool.lengths(), kind="stable")
        starts = self.starts(spool.lengths()[order], spool.once()[order])
        for number in range(share[0], len(starts) - 1, share[1]):
            places = order[starts[number] : starts[number + 1]]
            yield self.batch([spool[int(place)] for place in places], number=number)
        yield from fillers(len(starts) - 1, share)

    def batch(self, pairs: Sequence[EncodedPair], *, reference: Reference | None = None, number: int = 0) -> MicroBatch:
        """One micro-batch of all these pairs."""
        if self.form == "rows":
            return collate(pairs, pad=self.pad, reference=reference, number=number)
        return pack(pairs, form=self.form, reference=reference, number=number)

    def starts(self, lengths: Iterable[int], once: Iterable[int]) -> NDArray[np.int64]:
        """Where each micro-batch begins, and their end. The pairs' tokens, those of the longer row first, ascending."""
        found, begun, held, place = [0], 0, 0, -1
        for place, (length, own) in enumerate(zip(lengths, once, strict=True)):
            held += int(own)
            needed = 2 * int(length) * (place - begun + 1) if self.form == "rows" else held
            if place > begun and (needed > self.tokens or place - begun == self.size):
                found.append(place)
                begun, held = place, int(own)
        return np.array([*found, place + 1] if place >= 0 else [0])
