"""Statements about events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.tables import Event


def tell(  # noqa: PLR0913  (the columns of an event)
    session: Session,
    *,
    project_id: str,
    subject: str,
    message: str,
    level: str = "info",
    type: str = "message",
    data: dict[str, Any] | None = None,
) -> None:
    """Add an event about a dataset, run or distillation."""
    session.execute(
        insert(Event).values(
            project_id=project_id, subject=subject, level=level, type=type, message=message, data=data or {}
        )
    )


def after(
    session: Session, project_id: str, subjects: Sequence[str], *, after: int = 0, limit: int = 100
) -> list[Event]:
    """Events of the subjects with a greater number than `after`, oldest first."""
    statement = (
        select(Event)
        .where(Event.project_id == project_id, Event.subject.in_(subjects), Event.id > after)
        .order_by(Event.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def page(
    session: Session, project_id: str, subjects: Sequence[str], *, before: int | None = None, limit: int = 20
) -> list[Event]:
    """Events of the subjects with a smaller number than `before`, newest first."""
    statement = select(Event).where(Event.project_id == project_id, Event.subject.in_(subjects))
    if before is not None:
        statement = statement.where(Event.id < before)
    return list(session.scalars(statement.order_by(Event.id.desc()).limit(limit)))
