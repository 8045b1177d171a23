"""Statements about a run's series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.tables import Checkpoint, RunMetric


@dataclass(frozen=True)
class Series:
    """Which metrics to read: of one kind or of both, from behind a (step, kind), newest first unless told otherwise."""

    kind: str | None = None
    after: tuple[int, str] | None = None
    oldest_first: bool = False


def page(session: Session, run_id: str, series: Series, *, limit: int = 20) -> list[RunMetric]:
    """Metrics of a run."""
    place = tuple_(RunMetric.step, RunMetric.kind)
    statement = select(RunMetric).where(RunMetric.run_id == run_id)
    if series.kind is not None:
        statement = statement.where(RunMetric.kind == series.kind)
    if series.after is not None:
        statement = statement.where(place > series.after if series.oldest_first else place < series.after)
    up = (RunMetric.step, RunMetric.kind)
    order = up if series.oldest_first else tuple(column.desc() for column in up)
    return list(session.scalars(statement.order_by(*order).limit(limit)))


def newest(session: Session, run_id: str) -> RunMetric | None:
    """The training metrics of the newest step."""
    return next(iter(page(session, run_id, Series(kind="train"), limit=1)), None)


def thinned(session: Session, run_ids: Sequence[str], kind: str, *, most: int) -> list[RunMetric]:
    """Metrics of several runs, by run and step: of each at most so many, evenly, and its newest."""
    number = func.row_number().over(partition_by=RunMetric.run_id, order_by=RunMetric.step.desc())
    count = func.count().over(partition_by=RunMetric.run_id)
    every = (
        select(RunMetric.run_id, RunMetric.step, ((number - 1) % ((count - 1) // most + 1)).label("rest"))
        .where(RunMetric.run_id.in_(run_ids), RunMetric.kind == kind)
        .subquery()
    )
    here = (RunMetric.run_id == every.c.run_id) & (RunMetric.step == every.c.step) & (RunMetric.kind == kind)
    statement = select(RunMetric).join(every, here).where(every.c.rest == 0)
    return list(session.scalars(statement.order_by(RunMetric.run_id, RunMetric.step)))


def checkpoints(session: Session, run_id: str, *, after: str | None = None, limit: int = 20) -> list[Checkpoint]:
    """Checkpoints of a run, newest first, older than `after`."""
    statement = select(Checkpoint).where(Checkpoint.run_id == run_id).order_by(Checkpoint.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Checkpoint.id < after)))


def put(session: Session, run_id: str, kind: str, step: int, values: Mapping[str, float | None]) -> None:
    """Store the metrics of a step; a step that is taken again after a crash replaces its row."""
    statement = insert(RunMetric).values(run_id=run_id, kind=kind, step=step, values=dict(values))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["run_id", "kind", "step"], set_={"values": statement.excluded["values"]}
        )
    )
