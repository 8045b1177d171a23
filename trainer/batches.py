"""Pairs as rectangles of tokens: sorted by length into micro-batches, padded on the right.

Attention is causal, so a padded position is never looked at by a real one and no attention mask is needed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.encoded_pair import EncodedPair
from trainer.encoding import Ids
from trainer.spool import Spool


@dataclass(frozen=True)
class MicroBatch:
    """P pairs and A anchors in one forward pass of R = 2P + A rows: chosen of pairs, chosen of anchors, rejected.

    N answer tokens over all rows: token `answer_ids[n]` of row `answer_row[n]` is predicted at `answer_at[n]`, an
    index into the [R * T] positions. `reference` and `scores` are [2, P]: chosen, rejected; so are the `rewards` of
    each of an ensemble's K members.
    """

    input_ids: Tensor  # [R, T]
    answer_at: Tensor  # [N]
    answer_ids: Tensor  # [N]
    answer_row: Tensor  # [N]
    answer_tokens: Tensor  # [R], float32: answer tokens of each row
    reference: Tensor  # [2, P], nats
    scores: Tensor  # [2, P]
    rewards: Tensor  # [2, K, P]
    weights: Tensor  # [P + A], float32: what each pair's and anchor's loss is multiplied by
    pairs: int
    anchors: int
    number: int  # of this micro-batch in its step, from 0

    def to(self, device: torch.device) -> "MicroBatch":
        """The same on a device."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        moved = {k: v.to(device, non_blocking=True) for k, v in values.items() if isinstance(v, Tensor)}
        return MicroBatch(**values | moved)


Reference = dict[str, tuple[float, float]]  # pair id -> log-probs of chosen and rejected under the reference


def micro_batches(
    pairs: Sequence[EncodedPair], *, size: int, pad: int, reference: Reference | None = None
) -> list[MicroBatch]:
    """The pairs in micro-batches of `size`, shortest first: how they are cut depends on nothing but the pairs."""
    ordered = sorted(pairs, key=lambda pair: pair.length)
    cuts = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [collate(cut, pad=pad, reference=reference, number=number) for number, cut in enumerate(cuts)]


def measured(spool: Spool, *, size: int, pad: int, share: tuple[int, int]) -> Iterator[MicroBatch]:
    """The same of a whole spool, one by one; `share` is (rank, world size): every so-manieth micro-batch is made."""
    order = np.argsort(spool.lengths(), kind="stable")
    for number in range(share[0], -(-len(order) // size), share[1]):
        places = order[number * size : (number + 1) * size]
        yield collate([spool[int(place)] for place in places], pad=pad, number=number)


def collate(
    pairs: Sequence[EncodedPair], *, pad: int, reference: Reference | None = None, number: int = 0
) -> MicroBatch:
    """One micro-batch. Reference log-probs are those of the pairs where no others are given."""
    whole = [pair for pair in pairs if pair.rejected is not None]
    anchors = [pair for pair in pairs if pair.rejected is None]
    rows = [(pair.prompt, pair.chosen) for pair in [*whole, *anchors]]
    rows += [(pair.prompt, pair.rejected) for pair in whole if pair.rejected is not None]
    known = [reference[pair.id] if reference else pair.reference for pair in whole]
    scores = [(pair.score_chosen, pair.score_rejected) for pair in whole]
    rewards, members = [pair.rewards for pair in whole], max(len(pair.rewards) for pair in pairs)
    return MicroBatch(
        **_rectangle(rows, pad),
        answer_tokens=torch.tensor([len(answer) for _, answer in rows], dtype=torch.float32),
        reference=torch.tensor(known, dtype=torch.float32).reshape(-1, 2).T,
        scores=torch.tensor(scores, dtype=torch.float32).reshape(-1, 2).T,
        rewards=torch.tensor(rewards, dtype=torch.float32).reshape(len(whole), members, 2).permute(2, 1, 0),
        weights=torch.tensor([pair.weight for pair in [*whole, *anchors]], dtype=torch.float32),
        pairs=len(whole),
        anchors=len(anchors),
        number=number,
    )


def _rectangle(rows: Sequence[tuple[Ids, Ids]], pad: int) -> dict[str, Tensor]:
    """Token ids, and where each answer token is predicted: one position before it stands (the only shift there is)."""
    width = max(len(prompt) + len(answer) for prompt, answer in rows)
    ids = np.full((len(rows), width), pad, dtype=np.int64)
    at = []
    for row, (prompt, answer) in enumerate(rows):
        start, end = len(prompt), len(prompt) + len(answer)
        ids[row, :start] = prompt
        ids[row, start:end] = answer
        at.append(np.arange(start - 1, end - 1, dtype=np.int64) + row * width)
    return {
        "input_ids": torch.from_numpy(ids),
        "answer_at": torch.from_numpy(np.concatenate(at)),
        "answer_ids": torch.from_numpy(np.concatenate([answer for _, answer in rows]).astype(np.int64)),
        "answer_row": torch.from_numpy(np.repeat(np.arange(len(rows)), [len(answer) for _, answer in rows])),
    }
