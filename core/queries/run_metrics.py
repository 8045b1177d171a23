"""Statements that read a run's series."""

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from core.tables import Checkpoint, RunMetric


def page(
    session: Session,
    run_id: str,
    *,
    kind: str | None = None,
    after: tuple[int, str] | None = None,
    limit: int = 20,
    oldest_first: bool = False,
) -> list[RunMetric]:
    """Metrics of a run from behind the (step, kind) `after`, newest first unless told otherwise."""
    place = tuple_(RunMetric.step, RunMetric.kind)
    statement = select(RunMetric).where(RunMetric.run_id == run_id)
    if kind is not None:
        statement = statement.where(RunMetric.kind == kind)
    if after is not None:
        statement = statement.where(place > after if oldest_first else place < after)
    order = (RunMetric.step, RunMetric.kind) if oldest_first else (RunMetric.step.desc(), RunMetric.kind.desc())
    return list(session.scalars(statement.order_by(*order).limit(limit)))


def newest(session: Session, run_id: str) -> RunMetric | None:
    """The training metrics of the newest step."""
    return next(iter(page(session, run_id, kind="train", limit=1)), None)


def checkpoints(session: Session, run_id: str, *, after: str | None = None, limit: int = 20) -> list[Checkpoint]:
    """Checkpoints of a run, newest first, older than `after`."""
    statement = select(Checkpoint).where(Checkpoint.run_id == run_id).order_by(Checkpoint.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Checkpoint.id < after)))
