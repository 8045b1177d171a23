"""Pairs in one row that has what both answers of a pair follow once: the prompt, and a start that they have in common.

The last token of an answer predicts nothing and is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from trainer.batches import Form, MicroBatch, Reference, columns, joined, parted
from trainer.encoded_pair import EncodedPair
from trainer.encoding import Ids
from trainer.layout import in_pieces, in_runs


@dataclass(frozen=True)
class Parts:
    """B prompts with their chosen answers, those of pairs first, and the P rejected answers of pairs, or none of them.

    `alike`: tokens with which both answers of a pair begin; the last token of neither is among them.
    """

    prompts: list[Ids]
    chosen: list[Ids]
    rejected: list[Ids]
    alike: list[int]

    @property
    def first(self) -> list[Ids]:
        """The sequences of prompt and chosen answer."""
        return [np.concatenate([p, ids[:-1]]) for p, ids in zip(self.prompts, self.chosen, strict=True)]

    @property
    def second(self) -> list[Ids]:
        """What is left of the rejected ones: at least a token, so that no kernel is asked for an empty sequence."""
        return [ids[same : max(same + 1, len(ids) - 1)] for ids, same in zip(self.rejected, self.alike, strict=True)]

    @property
    def shared(self) -> list[int]:
        """Tokens that both answers of each pair follow."""
        return [len(prompt) + same for prompt, same in zip(self.prompts, self.alike, strict=False)]

    def predicting(self, starts: Sequence[int]) -> list[Ids]:
        """Where in the row each answer is predicted, one position before a token stands; starts: of the sequences."""
        before = [start + len(prompt) - 1 for start, prompt in zip(starts, self.prompts, strict=False)]
        found = [np.arange(at, at + len(ids), dtype=np.int32) for at, ids in zip(before, self.chosen, strict=True)]
        own = starts[len(self.prompts) :]
        for at, start, ids, same in zip(before, own, self.rejected, self.alike, strict=False):
            found += [np.arange(at, at + same + 1, dtype=np.int32)]
            found += [np.arange(start, start + len(ids) - same - 1, dtype=np.int32)]
        return found


def pack(
    pairs: Sequence[EncodedPair], *, form: Form, reference: Reference | None = None, number: int = 0, both: bool = True
) -> MicroBatch:
    """One micro-batch as a row, for attention in pieces or in runs; without `both` of the chosen answers alone."""
    whole, anchors = parted(pairs)
    parts = _parts(whole, anchors, both)
    first, second, shared = parts.first, parts.second, parts.shared
    sizes = [len(ids) for ids in [*first, *second]]
    begun = [*(0 for _ in first), *shared]
    positions = [np.arange(at, at + size, dtype=np.int32) for at, size in zip(begun, sizes, strict=True)]
    return MicroBatch(
        input_ids=joined([*first, *second]).unsqueeze(0),
        answer_at=joined(parts.predicting([0, *accumulate(sizes)])),
        **columns(whole, anchors, [*parts.chosen, *parts.rejected], reference),
        number=number,
        position_ids=joined(positions).unsqueeze(0),
        layout=(in_runs if form == "runs" else in_pieces)(sizes, shared),
    )


def _parts(whole: Sequence[EncodedPair], anchors: Sequence[EncodedPair], both: bool) -> Parts:
    prompts, chosen = [pair.prompt for pair in [*whole, *anchors]], [pair.chosen for pair in [*whole, *anchors]]
    rejected = [pair.rejected for pair in whole if both and pair.rejected is not None]
    return Parts(prompts, chosen, rejected, [_alike(*both) for both in zip(chosen, rejected, strict=False)])


def _alike(chosen: Ids, rejected: Ids) -> int:
    most = min(len(chosen), len(rejected)) - 1
    apart = np.flatnonzero(chosen[:most] != rejected[:most])
    return int(apart[0]) if len(apart) else most
