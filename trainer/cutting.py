"""How pairs are cut into micro-batches: the shortest first, as many as a budget of tokens holds.

What a step takes, and so its gradient, does not depend on the cut.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.methods.method import Method
from trainer.batches import Form, MicroBatch, Reference, collate, fillers
from trainer.encoded_pair import EncodedPair
from trainer.packing import pack
from trainer.spool import Spool


@dataclass(frozen=True)
class Cutting:
    """`tokens` of one forward pass at most, padding included, and `size` pairs if it is told; a pair is never cut.

    Without `both` the rejected answers are not forwarded.
    """

    tokens: int
    size: int | None = None
    form: Form = "rows"
    pad: int = 0
    both: bool = True

    def for_steps(self, facts: Method) -> "Cutting":
        """The same for the steps of a method, which forward what its loss reads."""
        return self if facts.reads_rejected else replace(self, both=False)

    def seen(self, pair: EncodedPair) -> EncodedPair:
        """What is forwarded of a pair."""
        return pair if self.both else replace(pair, rejected=None)

    def lengths(self, spool: Spool) -> NDArray[np.int32]:
        """Tokens of the longer row of each pair that is forwarded."""
        return spool.lengths() if self.both else self.once(spool)

    def once(self, spool: Spool) -> NDArray[np.int32]:
        """Tokens of each pair that are forwarded, its prompt counted once."""
        if self.both:
            return spool.once()
        chosen: NDArray[np.int32] = spool.parts()[:, :2].sum(axis=1, dtype=np.int32)
        return chosen

    def batches(self, pairs: Sequence[EncodedPair], reference: Reference | None = None) -> list[MicroBatch]:
        """The pairs in micro-batches: how they are cut depends on nothing but the pairs."""
        ordered = sorted(pairs, key=lambda pair: self.seen(pair).length)
        seen = [self.seen(pair) for pair in ordered]
        starts = self.starts([pair.length for pair in seen], [pair.once for pair in seen])
        cuts = [ordered[start:end] for start, end in pairwise(starts)]
        return [self.batch(cut, reference=reference, number=number) for number, cut in enumerate(cuts)]

    def spooled(self, spool: Spool, *, share: tuple[int, int]) -> Iterator[MicroBatch]:
        """The same of a whole spool, one by one; `share` is (rank, world size): every so-manieth is made.

        Each process is given as many: see `trainer.batches.filler`.
        """
        lengths, once = self.lengths(spool), self.once(spool)
        order = np.argsort(lengths, kind="stable")
        starts = self.starts(lengths[order], once[order])
        for number in range(share[0], len(starts) - 1, share[1]):
            places = order[starts[number] : starts[number + 1]]
            yield self.batch([spool[int(place)] for place in places], number=number)
        yield from fillers(len(starts) - 1, share)

    def batch(self, pairs: Sequence[EncodedPair], *, reference: Reference | None = None, number: int = 0) -> MicroBatch:
        """One micro-batch of all these pairs."""
        if self.form == "rows":
            return collate(pairs, pad=self.pad, reference=reference, number=number, both=self.both)
        return pack(pairs, form=self.form, reference=reference, number=number, both=self.both)

    def starts(self, lengths: Iterable[int], once: Iterable[int]) -> NDArray[np.int64]:
        """Where each micro-batch begins, and their end. The pairs' tokens, those of the longer row first, ascending."""
        found, begun, held, place, rows = [0], 0, 0, -1, 2 if self.both else 1
        for place, (length, own) in enumerate(zip(lengths, once, strict=True)):
            held += int(own)
            needed = rows * int(length) * (place - begun + 1) if self.form == "rows" else held
            if place > begun and (needed > self.tokens or place - begun == self.size):
                found.append(place)
                begun, held = place, int(own)
        return np.array([*found, place + 1] if place >= 0 else [0])
