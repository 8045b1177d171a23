"""Statements about worker processes."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.queries.intervals import seconds
from core.tables import Worker


def seen(session: Session, *, id: str, queue: str, info: dict[str, Any]) -> None:
    """A sign of life."""
    statement = insert(Worker).values(id=id, queue=queue, info=info)
    session.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_={"info": info, "seen_at": func.clock_timestamp()})
    )


def alive(session: Session, *, within: float) -> list[Worker]:
    """Workers seen in the last `within` seconds."""
    statement = select(Worker).where(Worker.seen_at > func.clock_timestamp() - seconds(within)).order_by(Worker.queue)
    return list(session.scalars(statement))


def forget(session: Session, *, hours: float) -> None:
    """Drop workers that gave no sign for so long."""
    session.execute(delete(Worker).where(Worker.seen_at < func.clock_timestamp() - seconds(hours * 3600)))
