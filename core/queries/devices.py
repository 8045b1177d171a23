"""Statements about devices that workers share: one advisory lock of the server for each name.

The lock belongs to a connection and goes with it, so a worker that was killed holds nothing; the server hands it on in
the order in which workers began to wait.
"""

from psycopg.errors import LockNotAvailable
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

DEVICES = 0x64657669  # the first key of these locks; the second is the name's hash
# A machine that vanished is noticed by the server within half a minute, a waiter that was killed within a second.
WATCHED = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "client_connection_check_interval": "1s",
}
WANTED = text("""
    SELECT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = :devices
        AND objid = hashtext(:name)::oid AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
""")


def watch(session: Session) -> None:
    """Let the server look after the session's connection."""
    for name, value in WATCHED.items():
        session.execute(select(func.set_config(name, value, False)))


def take(session: Session, name: str, *, within: float) -> bool:
    """Take the device's lock for the session's connection; False when it did not come `within` seconds."""
    session.execute(select(func.set_config("lock_timeout", f"{max(1, round(within * 1000))}ms", True)))
    try:
        session.execute(select(func.pg_advisory_lock(DEVICES, func.hashtext(name))))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            session.rollback()
            return False
        raise
    return True


def wanted(session: Session, name: str) -> bool:
    """Whether anybody waits for the device."""
    return bool(session.scalar(WANTED, {"devices": DEVICES, "name": name}))
