"""Statements about the keys that open the door."""

from sqlalchemy import exists, func, or_, select, text, update
from sqlalchemy.orm import Session

from core.tables import ApiKey

FIRST_KEY_LOCK = 0x6275726E  # one advisory lock, so that two processes make one first key


def add(session: Session, key: ApiKey) -> ApiKey:
    """Store a key (its hash, never its text)."""
    session.add(key)
    session.flush()
    session.refresh(key)
    return key


def usable(session: Session, id: str) -> ApiKey | None:
    """The key of this id, unless it is revoked or has expired by the database's clock."""
    return session.scalar(
        select(ApiKey).where(
            ApiKey.id == id,
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.clock_timestamp()),
        )
    )


def get(session: Session, project_id: str, id: str) -> ApiKey | None:
    """A key of the project, usable or not."""
    return session.scalar(select(ApiKey).where(ApiKey.project_id == project_id, ApiKey.id == id))


def page(session: Session, project_id: str, *, after: str | None, limit: int) -> list[ApiKey]:
    """Keys of the project older than `after`, newest first."""
    statement = select(ApiKey).where(ApiKey.project_id == project_id)
    if after is not None:
        statement = statement.where(ApiKey.id < after)
    return list(session.scalars(statement.order_by(ApiKey.id.desc()).limit(limit)))


def revoke(session: Session, project_id: str, id: str) -> ApiKey | None:
    """Close a key for good; the moment of the first revocation is kept. None: no such key."""
    return session.scalar(
        update(ApiKey)
        .where(ApiKey.project_id == project_id, ApiKey.id == id)
        .values(revoked_at=func.coalesce(ApiKey.revoked_at, func.clock_timestamp()))
        .returning(ApiKey)
    )


def lock_first(session: Session) -> None:
    """Wait until no other transaction is making the first key."""
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FIRST_KEY_LOCK})


def any_exist(session: Session) -> bool:
    """Whether the ledger has a key, of any project and in any state."""
    return bool(session.scalar(select(exists().where(ApiKey.id.is_not(None)))))
