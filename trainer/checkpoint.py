"""Checkpoints: weights, optimizer and a few integers, as safetensors and JSON; all that an exact resume needs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session
from torch import Tensor
from torch.optim import AdamW

from core import artifacts
from core.database import transaction
from core.errors import DamagedArtifact
from core.queries import checkpoints
from core.settings import settings
from core.tables import Checkpoint
from trainer import parts
from trainer.attempt import Attempt
from trainer.optimizer import moments, prepare_moments
from trainer.running_gap import RunningGap
from trainer.student import Student

STATE = "state.json"
log = structlog.get_logger()


@dataclass(frozen=True)
class Trained:
    """What changes from step to step."""

    student: Student
    optimizer: AdamW
    running: RunningGap | None = None

    def weights(self) -> dict[str, Tensor]:
        """The trained weights by name."""
        return {name: parameter.detach() for name, parameter in self.student.trained()}

    def moments(self) -> dict[str, Tensor]:
        """The optimizer's state by name."""
        return moments(self.optimizer, self.student.trained())


def save(attempt: Attempt, trained: Trained, step: int, metrics: Mapping[str, float | None]) -> None:
    """Publish a checkpoint of this step and note it in the ledger. Every process takes part and learns how it ended.

    Raises DiskFull, LeaseLost.
    """
    size = sum(tensor.nbytes for tensors in (trained.weights(), trained.moments()) for tensor in tensors.values())
    folder = attempt.folder / f"checkpoint-{step:08d}"

    def publish() -> None:
        facts = attempt.facts() | {"kind": "checkpoint", "step": step}
        digest = artifacts.publish(folder, write=partial(_write, trained=trained, step=step, write=write), facts=facts)
        row = {"step": step, "path": attempt.relative(folder), "manifest_sha256": digest, "metrics": dict(metrics)}
        attempt.record.write(partial(_note, attempt, row, size))
        _prune(attempt)

    write = parts.write_whole if trained.student.whole is None else parts.write_parts
    attempt.world.lead(lambda: artifacts.require_room(attempt.folder, int(size * settings().free_disk_factor)))
    attempt.world.lead(publish, lambda: write(artifacts.unfinished(folder), trained.weights(), trained.moments()))


def _write(
    into: Path, *, trained: Trained, step: int, write: Callable[[Path, parts.Tensors, parts.Tensors], None]
) -> None:
    write(into, trained.weights(), trained.moments())
    running = {"running": trained.running.saved()} if trained.running is not None else {}
    (into / STATE).write_text(json.dumps({"step": step} | running))


def _note(attempt: Attempt, row: dict[str, Any], size: int, session: Session) -> None:
    checkpoints.add(session, attempt.record.claim, row)
    attempt.record.tell(session, f"Checkpoint at step {row['step']}.", data={"step": row["step"], "bytes": size})


def restore(attempt: Attempt, trained: Trained) -> int:
    """Load the newest checkpoint that matches its hashes, and return its step; 0 when there is none.

    A damaged one is marked, told in an event, and the one before it is taken. It does not matter how many processes
    wrote it, or read it. Rank 0 says which one it is.
    """
    newest = attempt.world.tell(attempt.world.lead(lambda: _newest(attempt)))
    return _load(settings().data_dir.resolve() / newest, trained) if newest else 0


def _newest(attempt: Attempt) -> str | None:
    with transaction() as session:
        found = checkpoints.on_disk(session, attempt.record.run_id)
    for checkpoint in found:
        folder = settings().data_dir.resolve() / checkpoint.path
        try:
            artifacts.verify(folder, manifest_sha256=checkpoint.manifest_sha256)
        except DamagedArtifact as error:
            _damaged(attempt, checkpoint, error)
            continue
        return checkpoint.path
    return None


def _load(folder: Path, trained: Trained) -> int:
    prepare_moments(trained.optimizer, trained.student.trained())
    parts.read(folder, {**trained.weights(), **trained.moments()})
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
