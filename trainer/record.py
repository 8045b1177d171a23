"""What rank 0 writes to the ledger: each write in one transaction, guarded by the claim."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import stamina
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import Unavailable
from core.ledger import Claim
from core.queries import events, run_metrics, runs, shards
from core.states import RunState

T = TypeVar("T")
PATIENCE_SECONDS = 600.0  # how long a database that is away is waited for


@dataclass(frozen=True)
class Record:
    """The ledger as one claim may write it."""

    claim: Claim

    @property
    def run_id(self) -> str:
        """The run that is trained."""
        return str(self.claim.run_id)

    def write(self, change: Callable[[Session], T]) -> T:
        """Commit `change` under the claim. A change may be tried twice. Raises LeaseLost, Unavailable."""
        for attempt in stamina.retry_context(on=Unavailable, attempts=None, timeout=PATIENCE_SECONDS):
            with attempt, transaction() as session:
                shards.guard(session, self.claim)
                done = change(session)
        return done

    def tell(self, session: Session, message: str, *, level: str = "info", data: dict[str, Any] | None = None) -> None:
        """Add an event about the run."""
        events.tell(
            session, project_id=self.claim.project_id, subject=self.run_id, message=message, level=level, data=data
        )

    def note(self, facts: dict[str, Any]) -> None:
        """Merge facts into the run's."""
        self.write(lambda session: runs.note(session, self.run_id, facts))

    def stop(self, to: RunState, message: str, **columns: Any) -> None:
        """End the training short of its end and say why; an error is kept with the run."""
        if to == RunState.failed:
            columns["error"] = message

        def change(session: Session) -> None:
            runs.stop_training(session, self.claim, to, **columns)
            self.tell(session, message, level="error" if to == RunState.failed else "warn")

        self.write(change)


@dataclass(frozen=True)
class StepReport:
    """What a step tells: where it stands, the pace of the recent steps, and the metrics when they are due."""

    step: int
    seconds: float
    seconds_sd: float
    train: dict[str, float | None] | None = None
    validation: dict[str, float | None] | None = None
    best: dict[str, Any] | None = None  # where this validation is the best so far
    stopped: str | None = None  # why the training ends with this step, though more were to come


def report(record: Record, told: StepReport) -> bool:
    """Store a step in one transaction; returns whether a pause is asked for. Raises LeaseLost after a cancel."""

    def change(session: Session) -> bool:
        for kind, values in (("train", told.train), ("validation", told.validation)):
            if values is not None:
                run_metrics.put(session, record.run_id, kind, told.step, values)
        if told.best is not None:
            runs.note(session, record.run_id, {"best": told.best})
        if told.stopped is not None:
            _stop_early(session, record, told.step, told.stopped)
        return runs.advance(
            session, record.run_id, step=told.step, step_seconds=told.seconds, step_seconds_sd=told.seconds_sd
        )

    return record.write(change)


def _stop_early(session: Session, record: Record, step: int, reason: str) -> None:
    """The training ends with this step: there are no more to wait for."""
    runs.note(session, record.run_id, {"stopped": reason})
    runs.advance(session, record.run_id, total_steps=step)
    record.tell(session, f"Stopped early after step {step}: {reason}", data={"step": step})
