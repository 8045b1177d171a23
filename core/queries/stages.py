"""Statements about the stages of a dataset's work."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.queries import parents
from core.queries.rows import AnyRow
from core.tables import Shard


def of_dataset(session: Session, id: str) -> list[AnyRow]:
    """(stage, total, completed, failed, seconds) of each stage that was begun or waits.

    `seconds` is the time since the stage's first claim by the database's clock, None before it.
    """
    since = func.extract("epoch", func.clock_timestamp() - func.min(Shard.started_at))
    statement = select(
        Shard.stage,
        func.sum(Shard.total).label("total"),
        func.sum(Shard.completed).label("completed"),
        func.sum(Shard.failed).label("failed"),
        since.label("seconds"),
    )
    return list(session.execute(statement.where(parents.of_dataset(id)).group_by(Shard.stage)))
