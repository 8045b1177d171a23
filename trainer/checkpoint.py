"""Checkpoints: weights, optimizer and a few integers, as safetensors and JSON; all that an exact resume needs."""

import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
from trainer.watch import Watch

WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"
log = structlog.get_logger()


@dataclass(frozen=True)
class Trained:
    """What changes from step to step."""

    student: Student
    optimizer: AdamW
    running: RunningGap | None = None
    watch: Watch | None = None

    def weights(self) -> dict[str, Tensor]:
        """The trained weights by name, on the CPU."""
        return {name: parameter.detach().cpu() for name, parameter in self.student.trained()}


def save(attempt: Attempt, trained: Trained, step: int, metrics: Mapping[str, float | None]) -> None:
    """Publish a checkpoint of this step and note it in the ledger. Raises DiskFull, LeaseLost."""
    files = {WEIGHTS: trained.weights(), OPTIMIZER: moments(trained.optimizer, trained.student.trained())}
    size = sum(tensor.nbytes for tensors in files.values() for tensor in tensors.values())
    artifacts.require_room(attempt.folder, int(size * settings().free_disk_factor))
    folder = attempt.folder / f"checkpoint-{step:08d}"
    facts = attempt.facts() | {"kind": "checkpoint", "step": step}

    def write(into: Path) -> None:
        for name, tensors in files.items():
            write_tensors(into / name, tensors)
        parts = {"running": trained.running, "watch": trained.watch}
        kept = {name: part.saved() for name, part in parts.items() if part is not None}
        (into / STATE).write_text(json.dumps({"step": step} | kept))

    digest = artifacts.publish(folder, write=write, facts=facts)
    row = {"step": step, "path": attempt.relative(folder), "manifest_sha256": digest, "metrics": dict(metrics)}

    def note(session: Session) -> None:
        checkpoints.add(session, attempt.record.claim, row)
        attempt.record.tell(session, f"Checkpoint at step {step}.", data={"step": step, "bytes": size})

    attempt.record.write(note)
    _prune(attempt, best=trained.watch.kept if trained.watch is not None else None)


def restore(attempt: Attempt, trained: Trained) -> int:
    """Load the newest checkpoint that matches its hashes, and return its step; 0 when there is none.

    A damaged one is marked, told in an event, and the one before it is taken; so is one whose best is damaged.
    """
    shelf = _shelf(attempt)
    for checkpoint in shelf.found:
        if not shelf.intact(checkpoint):
            continue
        best = _state(checkpoint)["watch"]["step"] if trained.watch is not None and trained.watch.keeps else 0
        if best and shelf.at(best) is None:
            _damaged(attempt, checkpoint, f"the best one before it, of step {best}, is")
            continue
        return _load(checkpoint, trained)
    return 0


def take_best(attempt: Attempt, trained: Trained, step: int) -> None:
    """Load the weights of the checkpoint of `step`, and what goes with them. Raises DamagedArtifact.

    The student cannot be trained on: its optimizer stays that of the last step.
    """
    best = _shelf(attempt).at(step)
    if best is None:
        raise DamagedArtifact(f"The best checkpoint of run {attempt.record.run_id}, that of step {step}, is damaged.")
    _load_weights(best, trained)


@dataclass(frozen=True)
class Shelf:
    """The checkpoints on the disk, newest first. Each is verified when it is looked at, once."""

    attempt: Attempt
    found: list[Checkpoint]
    looked: dict[str, bool] = field(default_factory=dict)

    def intact(self, checkpoint: Checkpoint) -> bool:
        """Whether all its files match their hashes; if not, that is noted."""
        if checkpoint.id not in self.looked:
            self.looked[checkpoint.id] = self._verified(checkpoint)
        return self.looked[checkpoint.id]

    def at(self, step: int) -> Checkpoint | None:
        """An intact one of a step."""
        return next((one for one in self.found if one.step == step and self.intact(one)), None)

    def _verified(self, checkpoint: Checkpoint) -> bool:
        try:
            artifacts.verify(_folder(checkpoint), manifest_sha256=checkpoint.manifest_sha256)
        except DamagedArtifact as error:
            _damaged(self.attempt, checkpoint, error.message)
            return False
        return True


def _shelf(attempt: Attempt) -> Shelf:
    with transaction() as session:
        return Shelf(attempt, checkpoints.on_disk(session, attempt.record.run_id))


def _folder(checkpoint: Checkpoint) -> Path:
    return settings().data_dir.resolve() / checkpoint.path


def _state(checkpoint: Checkpoint) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((_folder(checkpoint) / STATE).read_bytes())
    return state


def _load(checkpoint: Checkpoint, trained: Trained) -> int:
    state = _load_weights(checkpoint, trained)
    restore_moments(trained.optimizer, trained.student.trained(), load_file(_folder(checkpoint) / OPTIMIZER))
    if trained.watch is not None:
        trained.watch.restore(state["watch"])
    return int(state["step"])


def _load_weights(checkpoint: Checkpoint, trained: Trained) -> dict[str, Any]:
    weights, state = load_file(_folder(checkpoint) / WEIGHTS), _state(checkpoint)
    for name, parameter in trained.student.trained():
        parameter.data.copy_(weights[name])
    if trained.running is not None:
        trained.running.restore(state["running"])
    return state


def _damaged(attempt: Attempt, checkpoint: Checkpoint, why: str) -> None:
    if not attempt.world.leads:
        return
    log.warning("damaged checkpoint", run=attempt.record.run_id, step=checkpoint.step, error=why)
    message = f"The checkpoint of step {checkpoint.step} is damaged ({why}); going back to the one before it."

    def change(session: Session) -> None:
        checkpoints.mark_damaged(session, checkpoint.id)
        attempt.record.tell(session, message, level="warn", data={"step": checkpoint.step})

    attempt.record.write(change)


def _prune(attempt: Attempt, *, best: int | None) -> None:
    """Keep the newest checkpoints and the best; the ledger first, so that no row names files that are gone."""

    def change(session: Session) -> list[str]:
        older = checkpoints.on_disk(session, attempt.record.run_id)[attempt.config.training.keep_checkpoints :]
        old = [checkpoint for checkpoint in older if checkpoint.step != best]
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
