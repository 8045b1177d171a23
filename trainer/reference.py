"""Log-probs of the pairs under the reference: the student before it is trained. Computed once, kept in the ledger."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import models
from core.attention import attention_of
from core.database import transaction
from core.queries import reference_log_probs
from trainer.attempt import Attempt
from trainer.batches import MicroBatch, Reference, fillers
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.pairs import TrainingPairs
from trainer.spool import Spool
from trainer.step import log_probs
from trainer.student import Student
from trainer.world import World

# Another way to encode is another fingerprint.
ENCODING = "answers with end token in the chain's context; too long ones refused, none cut"
CAPPED = "attention scores capped"  # where the config asks for it; before, they were not
LOOKED_UP = 1_000  # pairs in one question to the ledger
ROUND = 16  # chunks of each process between two writes


@dataclass(frozen=True)
class Chunks:
    """Pairs in chunks of fixed composition, so that a number does not depend on which pairs were known before.

    `order` numbers the pairs of both splits, anchors apart, the shortest first; those of validation behind `border`.
    """

    pairs: TrainingPairs
    order: NDArray[np.int64]
    border: int
    cutting: Cutting
    starts: NDArray[np.int64]  # of each chunk in `order`, and its end

    @property
    def number(self) -> int:
        """How many chunks there are."""
        return len(self.starts) - 1

    @property
    def size(self) -> int:
        """Pairs of the largest one."""
        return int(np.diff(self.starts).max(initial=0))

    def places(self, number: int) -> list[tuple[Spool, int]]:
        """Where the pairs of a chunk are."""
        found = self.order[self.starts[number] : self.starts[number + 1]].tolist()
        train, validation = self.pairs.train, self.pairs.validation
        return [(train, place) if place < self.border else (validation, place - self.border) for place in found]

    def read(self, number: int) -> list[EncodedPair]:
        """The pairs of a chunk."""
        return [spool[place] for spool, place in self.places(number)]

    def unknown(self) -> NDArray[np.int64]:
        """Chunks with a pair that has no log-probs yet."""
        lacking = np.concatenate([self.pairs.train.unknown(), self.pairs.validation.unknown()])
        return np.unique(np.searchsorted(self.starts, np.flatnonzero(lacking[self.order]), side="right") - 1)


def refer(attempt: Attempt, student: Student, pairs: TrainingPairs, cutting: Cutting) -> None:
    """Note on every pair its log-probs (nats) under `student`; those of earlier runs are reused."""
    print_ = attempt.world.together(lambda: recall(attempt, student, pairs))
    chunks = in_chunks(pairs, cutting)
    todo = _agreed(attempt, chunks)
    stride = ROUND * attempt.world.size
    for start in range(0, len(todo), stride):
        found = compute(attempt.world, chunks, todo[start : start + stride], lambda batch: of_batch(student, batch))
        done = chunks.number - len(todo) + min(start + stride, len(todo))
        progress = {"done": done, "total": chunks.number}
        attempt.world.lead(partial(_store, attempt, print_, found, progress))
    attempt.world.agree(1)  # the others read what rank 0 has written
    new = attempt.world.together(lambda: _read_back(print_, pairs, chunks, todo))
    if attempt.world.leads:
        told = {"fingerprint": print_, "computed": new, "reused": len(chunks.order) - new}
        attempt.record.note({"reference": told})


def _read_back(print_: str, pairs: TrainingPairs, chunks: Chunks, numbers: Sequence[int]) -> int:
    """Note what the ledger knows of the pairs of some chunks; returns how many they are."""
    new = 0
    for number in numbers:
        places = chunks.places(number)
        new += len(places)
        for spool in (pairs.train, pairs.validation):
            _look_up(print_, spool, [place for owner, place in places if owner is spool])
    return new


def recall(attempt: Attempt, student: Student, pairs: TrainingPairs) -> str:
    """Note on every pair what the ledger knows of it already; returns the fingerprint of the reference."""
    print_ = fingerprint(attempt, student)
    for spool in (pairs.train, pairs.validation):
        for start in range(0, len(spool), LOOKED_UP):
            _look_up(print_, spool, range(start, min(start + LOOKED_UP, len(spool))))
    return print_


def fingerprint(attempt: Attempt, student: Student) -> str:
    """Hash of all that a reference log-prob depends on: weights as held, tokenizer, template, encoding, arithmetic.

    Weights held in another type give other numbers in the same arithmetic: what is not multiplied is in theirs.
    """
    template = str(student.tokenizer.chat_template)
    told = [models.fingerprint(attempt.student), template, ENCODING, str(student.dtype), attempt.world.device.type]
    told += student.held_in
    told += [CAPPED] if attention_of(student.model.config) else []
    told += ["4 bits"] if attempt.config.training.mode == "qlora" else []
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _look_up(print_: str, spool: Spool, places: Sequence[int]) -> None:
    """Note what the ledger knows of these pairs."""
    with transaction() as session:
        known = reference_log_probs.of_pairs(session, spool.ids(places), print_)
    spool.refer(places, known)


def in_chunks(pairs: TrainingPairs, cutting: Cutting) -> Chunks:
    """The pairs of both splits, cut."""
    both = (pairs.train, pairs.validation)
    lengths, once, whole = (
        np.concatenate([of(spool) for spool in both]) for of in (Spool.lengths, Spool.once, Spool.paired)
    )
    places = np.flatnonzero(whole)
    order = places[np.argsort(lengths[places], kind="stable")]
    return Chunks(pairs, order, len(pairs.train), cutting, cutting.starts(lengths[order], once[order]))


def _agreed(attempt: Attempt, chunks: Chunks) -> list[int]:
    """The chunks to compute, the same list in every process."""
    wanted = torch.zeros(chunks.number, device=attempt.world.device)
    wanted[torch.from_numpy(chunks.unknown())] = 1
    return [int(i) for i in attempt.world.add_up(wanted).nonzero().flatten().tolist()]


@torch.no_grad()
def compute(
    world: World, chunks: Chunks, numbers: Sequence[int], measure: Callable[[MicroBatch], Tensor]
) -> dict[str, tuple[float, float]]:
    """Two numbers of each pair of some chunks, [2, P] of each chunk, which is measured by one process.

    All have to ask for the same chunks; each measures as often as any other (see `trainer.batches.filler`).
    """
    table = torch.zeros(len(numbers), 2, chunks.size, device=world.device)
    for place in range(world.rank, len(numbers), world.size):
        batch = chunks.cutting.batch(chunks.read(numbers[place])).to(world.device)
        table[place, :, : batch.pairs] = measure(batch)
    for batch in fillers(len(numbers), world.share):
        measure(batch.to(world.device))
    values = world.add_up(table).tolist()
    return {
        pair.id: (first, second)
        for number, row in zip(numbers, values, strict=True)
        for pair, first, second in zip(chunks.read(number), *row, strict=False)
    }


@torch.no_grad()
def of_batch(student: Student, batch: MicroBatch) -> Tensor:
    """Log-probs [2, P] of a micro-batch without anchors, on the student's device: chosen, rejected."""
    student.model.eval()
    return log_probs(student, batch).reshape(2, batch.pairs)


def _store(attempt: Attempt, print_: str, found: Reference, progress: dict[str, int]) -> None:
    attempt.record.write(lambda session: reference_log_probs.store(session, print_, found))
    attempt.record.note({"reference": progress})
