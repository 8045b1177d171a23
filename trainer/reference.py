"""Log-probs of the pairs under the reference: the student before it is trained. Computed once, kept in the ledger."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core import models
from core.database import transaction
from core.queries import reference_log_probs
from trainer.attempt import Attempt
from trainer.batches import MicroBatch, Reference, collate
from trainer.logps import answer_log_probs
from trainer.pairs import EncodedPair
from trainer.step import mixed_precision
from trainer.student import Student

# Another way to encode is another fingerprint.
ENCODING = "answers with end token in the chain's context; too long ones refused, none cut"
ROUND = 16  # chunks of each process between two writes


@dataclass(frozen=True)
class Chunks:
    """Pairs in chunks of fixed composition, so that a number does not depend on which pairs were known before."""

    chunks: list[list[EncodedPair]]
    size: int

    def unknown(self, known: Reference) -> list[int]:
        """Chunks with a pair that has no log-probs yet."""
        return [i for i, chunk in enumerate(self.chunks) if any(pair.id not in known for pair in chunk)]


def reference_log_probs_of(attempt: Attempt, student: Student, pairs: Sequence[EncodedPair]) -> Reference:
    """Pair id -> log-probs of chosen and rejected (nats) under `student`, those of earlier runs reused."""
    print_ = fingerprint(attempt, student)
    known = _known(attempt, print_)
    chunks = _cut(pairs, attempt.config.training.micro_batch_size)
    todo = _agreed(attempt, chunks, known)
    stride = ROUND * attempt.world.size
    for start in range(0, len(todo), stride):
        found = _compute(attempt, student, chunks, todo[start : start + stride])
        done = len(chunks.chunks) - len(todo) + min(start + stride, len(todo))
        if attempt.world.leads:
            _store(attempt, print_, found, {"done": done, "total": len(chunks.chunks)})
    attempt.world.agree(1)  # the others read what rank 0 has written
    known = _known(attempt, print_)
    if attempt.world.leads:
        new = sum(len(chunks.chunks[i]) for i in todo)
        attempt.record.note({"reference": {"fingerprint": print_, "computed": new, "reused": len(pairs) - new}})
    return {pair.id: known[pair.id] for pair in pairs}


def fingerprint(attempt: Attempt, student: Student) -> str:
    """Hash of all that a reference log-prob depends on: weights, tokenizer and template, encoding, arithmetic."""
    template = str(student.tokenizer.chat_template)
    told = [models.fingerprint(attempt.student), template, ENCODING, str(student.dtype), attempt.world.device.type]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _known(attempt: Attempt, print_: str) -> Reference:
    with transaction() as session:
        return reference_log_probs.of_dataset(session, attempt.record.claim.dataset_id, print_)


def _cut(pairs: Sequence[EncodedPair], size: int) -> Chunks:
    ordered = sorted(pairs, key=lambda pair: pair.length)
    return Chunks([ordered[start : start + size] for start in range(0, len(ordered), size)], size)


def _agreed(attempt: Attempt, chunks: Chunks, known: Reference) -> list[int]:
    """The chunks to compute, the same list in every process."""
    wanted = torch.zeros(len(chunks.chunks), device=attempt.world.device)
    wanted[chunks.unknown(known)] = 1
    return [int(i) for i in attempt.world.add_up(wanted).nonzero().flatten().tolist()]


@torch.no_grad()
def _compute(attempt: Attempt, student: Student, chunks: Chunks, numbers: Sequence[int]) -> Reference:
    """Log-probs of some chunks, each computed by one process."""
    student.model.eval()
    world = attempt.world
    table = torch.zeros(len(numbers), 2, chunks.size, device=world.device)
    for place, number in enumerate(numbers):
        if place % world.size == world.rank:
            batch = collate(chunks.chunks[number], pad=student.pad).to(world.device)
            table[place, :, : batch.pairs] = _chunk(student, batch)
    values = world.add_up(table).tolist()
    return {
        pair.id: (chosen, rejected)
        for number, row in zip(numbers, values, strict=True)
        for pair, chosen, rejected in zip(chunks.chunks[number], *row, strict=False)
    }


def _chunk(student: Student, batch: MicroBatch) -> Tensor:
    with mixed_precision(student):
        return answer_log_probs(student.model, batch).reshape(2, batch.pairs)


def _store(attempt: Attempt, print_: str, found: Reference, progress: dict[str, int]) -> None:
    attempt.record.write(lambda session: reference_log_probs.store(session, print_, found))
    attempt.record.note({"reference": progress})
