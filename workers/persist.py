"""Writes that go on through a database restart: every write under a claim may be repeated and counts once."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import LeaseLost, Unavailable
from workers.lease import Lease

log = structlog.get_logger()
Result = TypeVar("Result")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


def persist(lease: Lease, write: Callable[[Session], Result]) -> Result:
    """Run `write` in a transaction, again after the database was away or COMMIT broke, until the lease is lost.

    `write` must be idempotent and guarded by the claim's token. Raises LeaseLost.
    """
    pause = FIRST_PAUSE
    while True:
        lease.check()
        try:
            with transaction() as session:
                return write(session)
        except Unavailable as error:
            log.warning("database away, trying again", shard=lease.claim.shard_id, error=error.message)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def keep(flush: Callable[[Session], None]) -> None:
    """Write once what is paid for though its rows did not end, whatever became of the lease; else it is logged."""
    try:
        with transaction() as session:
            flush(session)
    except (Unavailable, LeaseLost) as error:
        log.warning("turns not kept", error=error.message)
