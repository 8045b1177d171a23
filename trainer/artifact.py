"""The tuned model: one folder that any engine serves, with tokenizer and manifest; the adapter too, if there is one."""

from pathlib import Path

import torch
from sqlalchemy.orm import Session
from torch import nn

from core import artifacts, models
from core.queries import runs
from core.settings import settings
from trainer import four_bits
from trainer.attempt import Attempt
from trainer.sharding import gather
from trainer.student import Student, load, with_adapter

ADAPTER = "adapter"


def publish(attempt: Attempt, student: Student, *, step: int, data_hash: str, best: str | None = None) -> None:
    """Write the tuned model and note it in the ledger. The student cannot be trained on. Raises DiskFull, LeaseLost.

    Weights are stored in the type the student came in; `step` is the one they are of, `best` why it is not the
    last: the metric whose best validation it had. Every process takes part; rank 0 writes.
    """
    here = student.whole is None and attempt.config.training.mode != "qlora"
    tuned = student if here else _gathered(attempt, student)
    attempt.world.lead(lambda: _publish(attempt, tuned, step=step, data_hash=data_hash, best=best))


def _gathered(attempt: Attempt, student: Student) -> Student | None:
    """The tuned student in one piece and not quantised, in the memory of rank 0's machine: no device has to hold it."""
    training, cpu = four_bits.whole(attempt.config.training), torch.device("cpu")
    into = attempt.world.lead(lambda: with_adapter(load(attempt.student, training, cpu), training))
    gather(student, into)
    return into


def _publish(attempt: Attempt, student: Student | None, *, step: int, data_hash: str, best: str | None) -> None:
    assert student is not None  # rank 0 has it
    size = sum(parameter.numel() for parameter in student.model.parameters()) * student.stored.itemsize
    artifacts.require_room(attempt.folder, int(size * settings().free_disk_factor))
    folder = attempt.folder / "final"
    facts = attempt.facts() | {
        "kind": "model",
        "steps": step,
        "best": best,
        "data_hash": data_hash,
        "student": {"name": attempt.config.student, "fingerprint": models.fingerprint(attempt.student)},
    }
    digest = artifacts.publish(folder, write=lambda into: _write(attempt, student, into), facts=facts)
    path = attempt.relative(folder)

    def note(session: Session) -> None:
        runs.advance(session, attempt.record.run_id, artifact=path)
        runs.note(session, attempt.record.run_id, {"artifact_step": step})
        data = {"artifact": path, "manifest_sha256": digest, "step": step}
        attempt.record.tell(session, "The tuned model is written.", data=data)
        if best is not None:
            attempt.record.tell(session, f"It is that of step {step}, whose validation {best} was the best.", data=data)

    attempt.record.write(note)


def _write(attempt: Attempt, student: Student, into: Path) -> None:
    model = student.model
    if student.adapter is not None:
        student.adapter.peft_config["default"].base_model_name_or_path = attempt.config.student
        student.adapter.save_pretrained(str(into / ADAPTER), save_embedding_layers=False)
        (into / ADAPTER / "README.md").unlink(missing_ok=True)  # a form to fill in
        model = student.adapter.merge_and_unload()
    nn.Module.to(model, student.stored)
    model.save_pretrained(into)
    student.tokenizer.save_pretrained(into)
