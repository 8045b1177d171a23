"""The numbers of runs beside each other: newest and best metrics, tokens, time, evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from core.queries.rows import AnyRow
from core.states import RunState
from core.tables import Evaluation, Run, RunMetric

Metrics = Mapping[str, float | None]


@dataclass(frozen=True)
class Numbers:
    """What there is of one run; `train` and `validation` are the newest of their kind.

    best: the least loss and the greatest accuracy of all validations. tokens: those its steps have gone through, from
    the mean of the steps whose metrics were stored. seconds: from its first step to the end of its training, or to now,
    pauses included.
    """

    train: Metrics = field(default_factory=dict)
    validation: Metrics = field(default_factory=dict)
    best: Metrics = field(default_factory=dict)
    tokens: float | None = None
    seconds: float | None = None
    evaluation: Mapping[str, Any] | None = None


def of_runs(session: Session, ids: Sequence[str]) -> dict[str, Numbers]:
    """The numbers of each run."""
    newest = {(row.run_id, row.kind): row.values for row in _newest(session, ids)}
    spans = {(row.run_id, row.kind): row for row in _spans(session, ids)}
    evaluated = _evaluated(session, ids)
    found = {}
    for row in _courses(session, ids):
        train, validation = (spans.get((row.id, kind)) for kind in ("train", "validation"))
        found[row.id] = Numbers(
            train=newest.get((row.id, "train"), {}),
            validation=newest.get((row.id, "validation"), {}),
            best={"loss": validation.loss, "accuracy": validation.accuracy} if validation else {},
            tokens=train.tokens * row.step if train and train.tokens is not None else None,
            seconds=None if row.seconds is None else float(row.seconds),
            evaluation=evaluated.get(row.id),
        )
    return found


def _newest(session: Session, ids: Sequence[str]) -> list[RunMetric]:
    statement = (
        select(RunMetric)
        .where(RunMetric.run_id.in_(ids))
        .ext(distinct_on(RunMetric.run_id, RunMetric.kind))
        .order_by(RunMetric.run_id, RunMetric.kind, RunMetric.step.desc())
    )
    return list(session.scalars(statement))


def _spans(session: Session, ids: Sequence[str]) -> list[AnyRow]:
    """(run_id, kind, loss, accuracy, tokens): least, greatest and mean."""
    statement = select(
        RunMetric.run_id,
        RunMetric.kind,
        func.min(RunMetric.values["loss"].as_float()).label("loss"),
        func.max(RunMetric.values["accuracy"].as_float()).label("accuracy"),
        func.avg(RunMetric.values["tokens"].as_float()).label("tokens"),
    ).where(RunMetric.run_id.in_(ids))
    return list(session.execute(statement.group_by(RunMetric.run_id, RunMetric.kind)))


def _courses(session: Session, ids: Sequence[str]) -> list[AnyRow]:
    """(id, step, seconds) of each run."""
    stopped = case(
        (Run.state == str(RunState.failed), Run.failed_at), (Run.state == str(RunState.cancelled), Run.cancelled_at)
    )
    until = func.coalesce(Run.evaluating_at, stopped, func.clock_timestamp())
    seconds = func.extract("epoch", until - Run.running_at).label("seconds")
    return list(session.execute(select(Run.id, Run.step, seconds).where(Run.id.in_(ids))))


def _evaluated(session: Session, ids: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
    statement = select(Evaluation.run_id, Evaluation.summary).where(Evaluation.run_id.in_(ids))
    return {row.run_id: row.summary for row in session.execute(statement)}
