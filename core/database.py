"""The connection to PostgreSQL and the one way to commit: `with transaction() as session`."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.settings import settings


class CommitUnknown(Unavailable):
    """The connection broke inside COMMIT: the effect may or may not be there. Read the ledger again by token."""


def driver_url(url: str) -> str:
    """The SQLAlchemy form (psycopg 3) of a postgresql:// URL."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)


@cache
def engine() -> Engine:
    """The process's engine; made at the first call, never shared across a fork."""
    url = settings().database_url
    if url is None:
        raise Unavailable("BURNISH_DATABASE_URL is not set; `burnish up` starts an embedded PostgreSQL and sets it.")
    return create_engine(
        driver_url(url),
        pool_size=8,
        max_overflow=16,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,  # errors are logged, and what is stored may be anybody's
        connect_args={"connect_timeout": 5, "prepare_threshold": None},
    )


def connect() -> Connection:
    """A connection of its own, outside the pool, for what lives as long as a connection does. Raises Unavailable."""
    try:
        connection = engine().connect()
    except DBAPIError as error:
        raise Unavailable(f"The database does not answer: {_first_line(error)}. Try again.") from error
    connection.detach()
    return connection


@contextmanager
def transaction(connection: Connection | None = None) -> Iterator[Session]:
    """A session that commits at the end of the block and rolls back on any exception.

    It takes a connection from the pool, or the one that is given. Raises `CommitUnknown` when COMMIT itself failed,
    `Unavailable` when the server cannot be reached.
    """
    session = Session(engine() if connection is None else connection, expire_on_commit=False)
    try:
        yield session
    except PoolTimeout as error:
        _abandon(session)
        raise Unavailable("Every database connection of this process is in use. Try again.") from error
    except DBAPIError as error:
        _abandon(session)
        if error.connection_invalidated or isinstance(error, OperationalError):
            raise Unavailable(f"The database does not answer: {_first_line(error)}. Try again.") from error
        raise
    except BaseException:
        _abandon(session)
        raise
    else:
        try:
            session.commit()
        except DBAPIError as error:
            _abandon(session)
            if error.connection_invalidated or isinstance(error, OperationalError):
                raise CommitUnknown(f"The connection broke during COMMIT: {_first_line(error)}.") from error
            raise
    finally:
        session.close()


def _abandon(session: Session) -> None:
    """Roll back, and drop the connection when even that fails."""
    try:
        session.rollback()
    except DBAPIError:
        session.invalidate()


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
