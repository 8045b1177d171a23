"""Pairs as tokens for one forward pass: a rectangle with a row for each answer; `trainer.packing` has the other form.

Rows are padded on the right. Attention is causal, so a padded position is never looked at by a real one and no
attention mask is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from trainer.encoded_pair import EncodedPair
from trainer.encoding import Ids
from trainer.layout import Layout, sent


@dataclass(frozen=True)
class MicroBatch:
    """P pairs and A anchors in one forward pass, R = 2P + A answers: chosen of pairs, chosen of anchors, rejected.

    Where the rejected ones are not forwarded R is P + A.

    N answer tokens in all: token `answer_ids[n]` of answer `answer_row[n]` is predicted at `answer_at[n]`, an index
    into the flattened positions: [R * T] of a rectangle, [T] of a row that has a layout. `reference` and `scores` are
    [2, P]: chosen, rejected; so are the `rewards` of each of an ensemble's K members.
    """

    input_ids: Tensor  # [R, T] or [1, T]
    answer_at: Tensor  # [N]
    answer_ids: Tensor  # [N]
    answer_row: Tensor  # [N]
    answer_tokens: Tensor  # [R], float32: tokens of each answer
    reference: Tensor  # [2, P], nats
    scores: Tensor  # [2, P]
    rewards: Tensor  # [2, K, P]
    weights: Tensor  # [P + A], float32: what each pair's and anchor's loss is multiplied by
    pairs: int
    anchors: int
    number: int  # of this micro-batch in its step, from 0
    position_ids: Tensor | None = None  # [1, T]
    layout: Layout | None = None

    def to(self, device: torch.device) -> "MicroBatch":
        """The same on a device."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        moved: dict[str, Any] = {
            name: sent(value, device) for name, value in values.items() if isinstance(value, Tensor)
        }
        return replace(self, **moved, layout=self.layout and self.layout.to(device))


Reference = dict[str, tuple[float, float]]  # pair id -> log-probs of chosen and rejected under the reference
Form = Literal["rows", "pieces", "runs"]  # a rectangle, or one row for attention in pieces or in runs


def collate(
    pairs: Sequence[EncodedPair], *, pad: int, reference: Reference | None = None, number: int = 0, both: bool = True
) -> MicroBatch:
    """A rectangle, without `both` of the chosen answers alone.

    Reference log-probs are those of the pairs where no others are given.
    """
    whole, anchors = parted(pairs)
    rows = [(pair.prompt, pair.chosen) for pair in [*whole, *anchors]]
    rows += [(pair.prompt, pair.rejected) for pair in whole if both and pair.rejected is not None]
    answers = [answer for _, answer in rows]
    return MicroBatch(**_rectangle(rows, pad), **columns(whole, anchors, answers, reference), number=number)


def filler() -> MicroBatch:
    """A micro-batch that asks for nothing: one token and no answer, whose sums and gradients are zeros.

    Processes that hold a student together go through it together: who has no micro-batch left takes this one.
    """
    answers, none = torch.zeros(0, dtype=torch.int64), torch.zeros(0)
    return MicroBatch(
        torch.zeros(1, 1, dtype=torch.int64), answers, answers, answers, none,
        none.reshape(2, 0), none.reshape(2, 0), none.reshape(2, 0, 0), none, 0, 0, 0,
    )  # fmt: skip


def shared_out(batches: Sequence[MicroBatch], share: tuple[int, int]) -> list[MicroBatch]:
    """Of a step's micro-batches those of one process, as many as any other has; `share` is (rank, world size)."""
    rank, size = share
    return [*batches[rank::size], *fillers(len(batches), share)]


def fillers(number: int, share: tuple[int, int]) -> list[MicroBatch]:
    """What one process takes beside its part of so many micro-batches."""
    rank, size = share
    left = number % size
    return [filler()] if 0 < left <= rank else []


def parted(pairs: Sequence[EncodedPair]) -> tuple[list[EncodedPair], list[EncodedPair]]:
    """Pairs, and anchors."""
    return [pair for pair in pairs if pair.rejected is not None], [pair for pair in pairs if pair.rejected is None]


def columns(
    whole: Sequence[EncodedPair], anchors: Sequence[EncodedPair], answers: Sequence[Ids], reference: Reference | None
) -> dict[str, Any]:
    """What a micro-batch says of its answers, however its tokens stand."""
    known = [reference[pair.id] if reference else pair.reference for pair in whole]
    scores = [(pair.score_chosen, pair.score_rejected) for pair in whole]
    tokens = [len(answer) for answer in answers]
    rewards, members = [pair.rewards for pair in whole], max(len(pair.rewards) for pair in [*whole, *anchors])
    return {
        "answer_ids": joined(answers),
        "answer_row": torch.from_numpy(np.repeat(np.arange(len(tokens)), tokens)),
        "answer_tokens": torch.tensor(tokens, dtype=torch.float32),
        "reference": torch.tensor(known, dtype=torch.float32).reshape(-1, 2).T,
        "scores": torch.tensor(scores, dtype=torch.float32).reshape(-1, 2).T,
        "rewards": torch.tensor(rewards, dtype=torch.float32).reshape(len(whole), members, 2).permute(2, 1, 0),
        "weights": torch.tensor([pair.weight for pair in [*whole, *anchors]], dtype=torch.float32),
        "pairs": len(whole),
        "anchors": len(anchors),
    }


def _rectangle(rows: Sequence[tuple[Ids, Ids]], pad: int) -> dict[str, Any]:
    """Token ids, and where each answer token is predicted: one position before it stands."""
    width = max(len(prompt) + len(answer) for prompt, answer in rows)
    ids = np.full((len(rows), width), pad, dtype=np.int64)
    at = []
    for row, (prompt, answer) in enumerate(rows):
        start, end = len(prompt), len(prompt) + len(answer)
        ids[row, :start] = prompt
        ids[row, start:end] = answer
        at.append(np.arange(start - 1, end - 1) + row * width)
    return {"input_ids": torch.from_numpy(ids), "answer_at": joined(at)}


def joined(parts: Sequence[Any]) -> Tensor:
    """The parts one after another, int64."""
    return torch.from_numpy(np.concatenate(parts).astype(np.int64))
