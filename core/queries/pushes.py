"""Statements about pushes: datasets on their way to the hub."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.configs.push import PushConfig
from core.ids import new_id
from core.ledger import Claim
from core.queries import events, shards
from core.states import Stage
from core.tables import Dataset, Push


def create(session: Session, dataset: Dataset, asked: PushConfig) -> Push:
    """Store a push of a dataset that has ended, and queue it."""
    row = Push(
        id=new_id("push"),
        project_id=dataset.project_id,
        dataset_id=dataset.id,
        repo=asked.repo,
        private=asked.private,
        format=asked.format,
        secret=asked.secret,
        state="queued",
    )
    session.add(row)
    session.flush()
    whose = {"project_id": dataset.project_id, "dataset_id": dataset.id, "run_id": None, "role": None}
    shards.add(session, [whose | {"stage": str(Stage.push), "model": row.id, "first": 0, "last": 0, "total": 1}])
    session.refresh(row)
    return row


def page(session: Session, dataset_id: str, *, after: str | None = None, limit: int = 20) -> list[Push]:
    """Pushes of a dataset, newest first, older than `after`."""
    statement = select(Push).where(Push.dataset_id == dataset_id).order_by(Push.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Push.id < after)))


def begin(session: Session, claim: Claim) -> Push:
    """The push that a shard carries out; it is running now. Raises LeaseLost."""
    shards.guard(session, claim)
    return _move(session, claim, state="running", error=None)


def wait(session: Session, claim: Claim, reason: str) -> None:
    """The hub does not answer; the push is queued again. Raises LeaseLost."""
    shards.guard(session, claim)
    _move(session, claim, state="queued", error=reason)


def succeed(session: Session, claim: Claim, url: str) -> None:
    """The dataset is on the hub. Raises LeaseLost."""
    shards.guard(session, claim, completed=1)
    row = _move(session, claim, state="done", url=url, error=None, ended_at=func.clock_timestamp())
    _tell(session, claim, f"Pushed to {row.repo}.", level="info")


def refuse(session: Session, claim: Claim, error: str) -> None:
    """The hub will not have it. Raises LeaseLost."""
    shards.guard(session, claim, failed=1)
    fail(session, claim, error)


def fail(session: Session, claim: Claim, error: str) -> None:
    """The push is given up; its dataset is none the worse. The caller counts and ends the shard."""
    row = _move(session, claim, state="failed", error=error, ended_at=func.clock_timestamp())
    _tell(session, claim, f"The push to {row.repo} failed: {error}", level="error")


def _move(session: Session, claim: Claim, **columns: object) -> Push:
    statement = update(Push).where(Push.id == claim.model).values(**columns).returning(Push)
    return session.scalars(statement, execution_options={"populate_existing": True}).one()


def _tell(session: Session, claim: Claim, message: str, *, level: str) -> None:
    events.tell(session, project_id=claim.project_id, subject=claim.dataset_id, level=level, message=message)
