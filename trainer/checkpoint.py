"""Checkpoints: weights, optimizer and a few integers, as safetensors and JSON; all that an exact resume needs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from trainer.optimizer import moments
from trainer.running_gap import RunningGap
from trainer.student import Student
from trainer.watch import Watch

STATE = "state.json"
log = structlog.get_logger()


@dataclass(frozen=True)
class Trained:
    """What changes from step to step."""

    student: Student
    optimizer: AdamW
    running: RunningGap | None = None
    watch: Watch | None = None

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
        _prune(attempt, best=trained.watch.kept if trained.watch is not None else None)

    write = parts.write_whole if trained.student.whole is None else parts.write_parts
    attempt.world.lead(lambda: artifacts.require_room(attempt.folder, int(size * settings().free_disk_factor)))
    attempt.world.lead(publish, lambda: write(artifacts.unfinished(folder), trained.weights(), trained.moments()))


def _write(
    into: Path, *, trained: Trained, step: int, write: Callable[[Path, parts.Tensors, parts.Tensors], None]
) -> None:
    write(into, trained.weights(), trained.moments())
    states = {"running": trained.running, "watch": trained.watch}
    kept = {name: state.saved() for name, state in states.items() if state is not None}
    (into / STATE).write_text(json.dumps({"step": step} | kept))


def _note(attempt: Attempt, row: dict[str, Any], size: int, session: Session) -> None:
    checkpoints.add(session, attempt.record.claim, row)
    attempt.record.tell(session, f"Checkpoint at step {row['step']}.", data={"step": row["step"], "bytes": size})


def restore(attempt: Attempt, trained: Trained) -> int:
    """Load the newest checkpoint that matches its hashes, and return its step; 0 when there is none.

    A damaged one is marked, told in an event, and the one before it is taken; so is one whose best is damaged. It does
    not matter how many processes wrote it, or read it. Rank 0 says which one it is.
    """
    newest = attempt.world.tell(attempt.world.lead(lambda: _newest(attempt, trained.watch)))
    if newest is None:
        return 0
    state = _load(newest, {**trained.weights(), **trained.moments()}, trained.running)
    if trained.watch is not None:
        trained.watch.restore(state["watch"])
    return int(state["step"])


def _newest(attempt: Attempt, watch: Watch | None) -> str | None:
    """Where it is."""
    shelf = _shelf(attempt)
    for checkpoint in shelf.found:
        if not shelf.intact(checkpoint):
            continue
        best = _state(checkpoint.path)["watch"]["step"] if watch is not None and watch.keeps else 0
        if best and shelf.at(best) is None:
            _damaged(attempt, checkpoint, f"the best one before it, of step {best}, is")
            continue
        return checkpoint.path
    return None


def take_best(attempt: Attempt, trained: Trained, step: int) -> None:
    """Load the weights of the checkpoint of `step`, and what goes with them. Raises DamagedArtifact in all processes.

    The student cannot be trained on: its optimizer stays that of the last step.
    """
    best = attempt.world.tell(attempt.world.lead(lambda: _best(attempt, step)))
    assert best is not None  # rank 0 has found it
    _load(best, trained.weights(), trained.running)


def _best(attempt: Attempt, step: int) -> str:
    best = _shelf(attempt).at(step)
    if best is None:
        raise DamagedArtifact(f"The best checkpoint of run {attempt.record.run_id}, that of step {step}, is damaged.")
    return best.path


@dataclass(frozen=True)
class Shelf:
    """The checkpoints on the disk, newest first, as rank 0 sees them. Each is verified when it is looked at, once."""

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
            artifacts.verify(_folder(checkpoint.path), manifest_sha256=checkpoint.manifest_sha256)
        except DamagedArtifact as error:
            _damaged(self.attempt, checkpoint, error.message)
            return False
        return True


def _shelf(attempt: Attempt) -> Shelf:
    with transaction() as session:
        return Shelf(attempt, checkpoints.on_disk(session, attempt.record.run_id))


def _folder(path: str) -> Path:
    return settings().data_dir.resolve() / path


def _state(path: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((_folder(path) / STATE).read_bytes())
    return state


def _load(path: str, tensors: parts.Tensors, running: RunningGap | None) -> dict[str, Any]:
    """Fill the tensors and the running gap with those of a checkpoint; returns its integers."""
    parts.read(_folder(path), tensors)
    state = _state(path)
    if running is not None:
        running.restore(state["running"])
    return state


def _damaged(attempt: Attempt, checkpoint: Checkpoint, why: str) -> None:
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
