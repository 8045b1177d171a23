"""Statements that count work for the overview and for Prometheus."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.queries.rows import AnyRow
from core.states import ShardState
from core.tables import Shard


def shards_by_state(session: Session) -> list[AnyRow]:
    """(queue, stage, state, number) of all shards."""
    statement = select(Shard.queue, Shard.stage, Shard.state, func.count().label("number"))
    return list(session.execute(statement.group_by(Shard.queue, Shard.stage, Shard.state)))


def oldest_waiting(session: Session) -> list[AnyRow]:
    """(queue, seconds) since the oldest claimable shard of each queue became claimable."""
    age = func.extract("epoch", func.clock_timestamp() - func.min(Shard.available_at))
    statement = select(Shard.queue, age.label("seconds")).where(
        Shard.state == str(ShardState.queued), Shard.available_at <= func.clock_timestamp()
    )
    return list(session.execute(statement.group_by(Shard.queue)))
