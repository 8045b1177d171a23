"""Statements that count work for the overview and for Prometheus."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.queries.intervals import seconds
from core.queries.rows import AnyRow
from core.states import Queue, ShardState
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


def failed_rows(session: Session, project_id: str, *, within: float) -> int:
    """Rows of a project that were given up by shards begun in the last `within` seconds."""
    begun = Shard.started_at > func.clock_timestamp() - seconds(within)
    return int(session.scalar(select(func.sum(Shard.failed)).where(Shard.project_id == project_id, begun)) or 0)


def tokens_per_second(session: Session, project_id: str) -> float:
    """Tokens sampled by the shards that are held now, each divided by the time since its first claim."""
    held = func.extract("epoch", func.clock_timestamp() - Shard.started_at)
    pace = select(func.sum(Shard.tokens / func.greatest(held, 1.0))).where(
        Shard.project_id == project_id, Shard.state == str(ShardState.running), Shard.queue == str(Queue.generate)
    )
    return float(session.scalar(pace) or 0.0)


def of_run(session: Session, run_id: str) -> dict[str, dict[str, int]]:
    """What the shards of a run have counted, by stage: `{stage: {"total", "completed", "failed"}}`."""
    statement = (
        select(Shard.stage, func.sum(Shard.total), func.sum(Shard.completed), func.sum(Shard.failed))
        .where(Shard.run_id == run_id)
        .group_by(Shard.stage)
    )
    return {
        str(stage): {"total": int(total), "completed": int(completed), "failed": int(failed)}
        for stage, total, completed, failed in session.execute(statement)
    }
