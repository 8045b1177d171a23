"""Checkpoints: weights, optimizer and a few integers, as safetensors and JSON; all that an exact resume needs."""

import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sqlalchemy.orm import Session
from torch import Tensor
from torch.optim import AdamW

from core import artifacts
from core.database import transaction
from core.errors import DamagedArtifact
from core.queries import checkpoints
from core.settings import settings
from core.tables import Checkpoint
from trainer.attempt import Attempt
from trainer.optimizer import moments, restore_moments
from trainer.running_gap import RunningGap
from trainer.student import Student

WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"
log = structlog.get_logger()


@dataclass(frozen=True)
class Trained:
    """What changes from step to step."""

    student: Student
    optimizer: AdamW
    running: RunningGap | None = None

    def weights(self) -> dict[str, Tensor]:
        """The trained weights by name, on the CPU."""
        return {name: parameter.detach().cpu() for name, parameter in self.student.trained()}


def save(attempt: Attempt, trained: Trained, step: int, metrics: Mapping[str, float | None]) -> None:
    """Publish a checkpoint of this step and note it in the ledger. Raises DiskFull, LeaseLost."""
    parts = {WEIGHTS: trained.weights(), OPTIMIZER: moments(trained.optimizer, trained.student.trained())}
    size = sum(tensor.nbytes for tensors in parts.values() for tensor in tensors.values())
    artifacts.require_room(attempt.folder, int(size * settings().free_disk_factor))
    folder = attempt.folder / f"checkpoint-{step:08d}"
    facts = attempt.facts() | {"kind": "checkpoint", "step": step}

    def write(into: Path) -> None:
        for name, tensors in parts.items():
            write_tensors(into / name, tensors)
        running = {"running": trained.running.saved()} if trained.running is not None else {}
        (into / STATE).write_text(json.dumps({"step": step} | running))

    digest = artifacts.publish(folder, write=write, facts=facts)
    row = {"step": step, "path": attempt.relative(folder), "manifest_sha256": digest, "metrics": dict(metrics)}

    def note(session: Session) -> None:
        checkpoints.add(session, attempt.record.claim, row)
        attempt.record.tell(session, f"Checkpoint at step {step}.", data={"step": step, "bytes": size})

    attempt.record.write(note)
    _prune(attempt)


def restore(attempt: Attempt, trained: Trained) -> int:
    """Load the newest checkpoint that matches its hashes, and return its step; 0 when there is none.

    A damaged one is marked, told in an event, and the one before it is taken.
    """
    with transaction() as session:
        found = checkpoints.on_disk(session, attempt.record.run_id)
    for checkpoint in found:
        folder = settings().data_dir.resolve() / checkpoint.path
        try:
            artifacts.verify(folder, manifest_sha256=checkpoint.manifest_sha256)
        except DamagedArtifact as error:
            if attempt.world.leads:
                _damaged(attempt, checkpoint, error)
            continue
        return _load(folder, trained)
    return 0


def _load(folder: Path, trained: Trained) -> int:
    weights = load_file(folder / WEIGHTS)
    for name, parameter in trained.student.trained():
        parameter.data.copy_(weights[name])
    restore_moments(trained.optimizer, trained.student.trained(), load_file(folder / OPTIMIZER))
    state: dict[str, Any] = json.loads((folder / STATE).read_bytes())
    if trained.running is not None:
        trained.running.restore(state["running"])
    return int(state["step"])


def _damaged(attempt: Attempt, checkpoint: Checkpoint, error: DamagedArtifact) -> None:
    log.warning("damaged checkpoint", run=attempt.record.run_id, step=checkpoint.step, error=error.message)
    message = f"The checkpoint of step {checkpoint.step} is damaged ({error.message}); going back to the one before it."

    def change(session: Session) -> None:
        checkpoints.mark_damaged(session, checkpoint.id)
        attempt.record.tell(session, message, level="warn", data={"step": checkpoint.step})

    attempt.record.write(change)


def _prune(attempt: Attempt) -> None:
    """Keep the newest checkpoints; the ledger first, so that no row names files that are gone."""

    def change(session: Session) -> list[str]:
        old = checkpoints.on_disk(session, attempt.record.run_id)[attempt.config.training.keep_checkpoints :]
        checkpoints.mark_removed(session, [checkpoint.id for checkpoint in old])
        return [checkpoint.path for checkpoint in old]

    for path in attempt.record.write(change):
        artifacts.remove(settings().data_dir.resolve() / path)


def clear_leftovers(attempt: Attempt) -> None:
    """Delete what earlier attempts left on the disk and the ledger does not name."""
    with transaction() as session:
        named = {checkpoint.path for checkpoint in checkpoints.on_disk(session, attempt.record.run_id)}
    for folder in attempt.run_folder.glob("attempt-*/*"):
        if folder.is_dir() and attempt.relative(folder) not in named:
            artifacts.remove(folder)


def write_tensors(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors as safetensors. Raises OSError as any other write does."""
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    except SafetensorError as error:
        if "os error 28" in str(error) or "No space left" in str(error):
            raise OSError(errno.ENOSPC, str(error)) from error
        raise
