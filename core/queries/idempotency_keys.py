"""Statements about Idempotency-Keys. The first answer is stored in the transaction of its effect."""

import hashlib
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from core.queries.intervals import seconds
from core.tables import IdempotencyKey


def take(session: Session, project_id: str, key: str) -> bool:
    """Hold the key until the transaction ends. False: another transaction holds it, its request is in flight.

    The hold is an advisory lock: it ends with the connection, so a process that dies leaves nothing behind.
    """
    digest = hashlib.blake2b(f"{project_id}\x1f{key}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}))


def get(session: Session, project_id: str, key: str) -> IdempotencyKey | None:
    """The first answer under the key."""
    return session.scalar(
        select(IdempotencyKey).where(IdempotencyKey.project_id == project_id, IdempotencyKey.key == key)
    )


def store(session: Session, project_id: str, key: str, **answer: Any) -> None:
    """Keep the first answer: request_hash, status, headers, body."""
    session.add(IdempotencyKey(project_id=project_id, key=key, **answer))
    session.flush()


def forget(session: Session, hours: float, *, project_id: str | None = None, key: str | None = None) -> None:
    """Drop answers older than so many hours: every one, or the one under a key."""
    statement = delete(IdempotencyKey).where(IdempotencyKey.created_at < func.clock_timestamp() - seconds(hours * 3600))
    if key is not None:
        statement = statement.where(IdempotencyKey.project_id == project_id, IdempotencyKey.key == key)
    session.execute(statement)
