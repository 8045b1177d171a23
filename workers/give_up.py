"""Ways to let go of a shard that was not finished.

That somebody else has it meanwhile is no trouble, and when the database is away the lease runs out by itself.
"""

from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import BadInput, BurnishError, DiskFull, LeaseLost, Refused, Unavailable
from core.ledger import Claim
from core.queries import recovery, shards
from core.settings import settings

log = structlog.get_logger()
WAITS = 4  # first pauses of a failed shard that a shard waits when nobody is to blame


class LoadFailed(BurnishError):
    """A scorer could not be loaded, or a source not be read, because of `cause`."""

    def __init__(self, cause: BurnishError) -> None:
        super().__init__(cause.message)
        self.cause = cause


def hand_back(claim: Claim) -> None:
    """Without blame: the worker stops, or has another model loaded."""
    _let_go(claim, lambda session: shards.hand_back(session, claim))


def later(claim: Claim, pause: float) -> None:
    """Without blame, to be looked at again after so many seconds: more work is still to come."""
    _let_go(claim, lambda session: shards.hand_back(session, claim, pause=pause))


def wait(claim: Claim, error: Unavailable | DiskFull) -> None:
    """Without blame, and not again at once: something that the work needs does not answer, or is full."""
    log.warning("shard waits", shard=claim.shard_id, model=claim.model, error=error.message)
    pause = WAITS * settings().retry_seconds
    _let_go(claim, lambda session: recovery.wait(session, claim, pause=pause, reason=error.message))


def release(claim: Claim, error: BurnishError) -> None:
    """After a failure: tried again later, halved, or quarantined."""
    _let_go(claim, lambda session: recovery.release(session, claim, error=error.message))


def load_failed(claim: Claim, error: BurnishError) -> None:
    """The model or source could not be loaded; one that is refused or not there fails the dataset or run at once."""
    log.warning("not loaded", shard=claim.shard_id, model=claim.model, error=error.message)
    final = isinstance(error, BadInput | Refused)
    _let_go(claim, lambda session: recovery.load_failed(session, claim, error=error.message, final=final))


def _let_go(claim: Claim, write: Callable[[Session], None]) -> None:
    try:
        with transaction() as session:
            write(session)
    except LeaseLost:
        log.info("shard was taken meanwhile", shard=claim.shard_id)
    except Unavailable as error:
        log.warning("shard not given back, its lease will run out", shard=claim.shard_id, error=error.message)
