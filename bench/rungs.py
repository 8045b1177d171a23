"""The ladder's rungs: our own step with one thing less, each switched off alone. All have the same gradient."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from bench.ours import Ours
from trainer.batches import MicroBatch, Reference, columns
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.losses import dpo
from trainer.packing import pack
from trainer.pair_tensors import PairTensors

Step = Callable[[int], None]  # trains on the batch of this number
READS = 21  # numbers that TRL's loss brings to the host in each micro-step


def cuts(ours: Ours, number: int) -> dict[str, list[MicroBatch]]:
    """A batch in micro-batches as the rungs have them that cut otherwise."""
    pairs, reference = ours.cut(number), ours.reference
    return {
        "bucket": replace(ours.cutting, size=1).batches(pairs, reference),
        "share": twice(ours, pairs, reference),
        "plain": Cutting(sys.maxsize, pad=ours.cutting.pad).batches(pairs, reference),
        "head": [everywhere(batch) for batch in ours.cutting.batches(pairs, reference)],
    }


def rungs(ours: Ours) -> dict[str, Step]:
    """Rows of the ladder by name, and the step that each is over."""
    plain, alone = Cutting(sys.maxsize, pad=ours.cutting.pad), replace(ours.cutting, size=1)
    sync = replace(ours.stepper, objective=replace(ours.stepper.objective, loss=told_loss))

    def cut(number: int, cutting: Cutting = ours.cutting) -> list[MicroBatch]:
        return cutting.batches(ours.cut(number), ours.reference)

    return {
        "bucket": lambda n: ours.taken(ours.stepper, cut(n, alone), n),
        "share": lambda n: ours.taken(ours.stepper, twice(ours, ours.cut(n), ours.reference), n),
        "plain": lambda n: ours.taken(ours.stepper, cut(n, plain), n),
        "cache": lambda n: ours.taken(ours.stepper, ours.cutting.batches(ours.cut(n), ours.refer(n)), n),
        "head": lambda n: ours.taken(ours.stepper, [everywhere(batch) for batch in cut(n)], n),
        "sync": lambda n: ours.taken(sync, cut(n), n),
    }


def told_loss(pairs: PairTensors, **hyperparameters: Any) -> Tensor:
    """DPO's loss, and as many numbers read by the host in each micro-batch as TRL reads."""
    losses: Tensor = dpo(pairs, **hyperparameters)
    for read in range(READS):
        pairs[read % 4].mean().item()
    return losses


def everywhere(batch: MicroBatch) -> MicroBatch:
    """The same micro-batch with the head on all positions: what predicts no answer is an anchor's, which no loss has.

    For a micro-batch without anchors and an objective without SFT term.
    """
    ids = batch.input_ids.flatten()
    rest = torch.ones(len(ids), dtype=torch.bool)
    rest[batch.answer_at] = False
    at, row = rest.nonzero().flatten(), batch.answer_row
    return replace(
        batch,
        answer_at=torch.cat([batch.answer_at, at]),
        answer_ids=torch.cat([batch.answer_ids, ids[(at + 1) % len(ids)]]),
        answer_row=torch.cat([row + (row >= batch.pairs), torch.full_like(at, batch.pairs)]),
        answer_tokens=torch.cat([part.float() for part in _with(batch.answer_tokens, batch.pairs, max(1, len(at)))]),
        weights=torch.cat([batch.weights, torch.ones(1)]),
        anchors=1,
    )


def twice(ours: Ours, pairs: Sequence[EncodedPair], reference: Reference) -> list[MicroBatch]:
    """The micro-batches of a batch, packed without padding, with each answer behind a prompt of its own."""
    ordered = sorted(pairs, key=lambda pair: pair.length)
    starts = ours.cutting.starts([pair.length for pair in ordered], [pair.tokens for pair in ordered]).tolist()
    return [
        unshared(ordered[start:end], ours, reference, number) for number, (start, end) in enumerate(pairwise(starts))
    ]


def unshared(pairs: Sequence[EncodedPair], ours: Ours, reference: Reference, number: int) -> MicroBatch:
    """One such micro-batch."""
    form = ours.cutting.form
    if form == "rows":
        raise SystemExit("The student does not share prompts, so there is nothing to switch off.")
    rejected = [pair.rejected for pair in pairs if pair.rejected is not None]
    alone = [replace(pair, rejected=None) for pair in pairs]
    alone += [replace(pair, chosen=ids, rejected=None) for pair, ids in zip(pairs, rejected, strict=True)]
    told = columns(pairs, [], [pair.chosen for pair in alone], reference)
    return replace(pack(alone, form=form, number=number), **told)


def _with(values: Tensor, place: int, value: int) -> tuple[Tensor, Tensor, Tensor]:
    return values[:place], torch.tensor([value]), values[place:]
