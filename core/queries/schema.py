"""Statements about the ledger itself."""

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session


def revision(session: Session) -> str | None:
    """The migration the ledger is at; None when none was ever applied."""
    try:
        found = session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        session.rollback()
        return None
    return str(found) if found else None
