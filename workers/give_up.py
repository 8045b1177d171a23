"""Ways to let go of a shard that was not finished; that somebody else has it meanwhile is no trouble."""

import structlog

from core.database import transaction
from core.errors import BadInput, BurnishError, LeaseLost
from core.ledger import Claim
from core.queries import recovery, shards

log = structlog.get_logger()


class LoadFailed(BurnishError):
    """A scorer could not be loaded, because of `cause`."""

    def __init__(self, cause: BurnishError) -> None:
        super().__init__(cause.message)
        self.cause = cause


def hand_back(claim: Claim) -> None:
    """Without blame: the worker stops, or has another model loaded."""
    try:
        with transaction() as session:
            shards.hand_back(session, claim)
    except LeaseLost:
        log.info("shard was taken meanwhile", shard=claim.shard_id)


def release(claim: Claim, error: BurnishError) -> None:
    """After a failure: tried again later, halved, or quarantined."""
    try:
        with transaction() as session:
            recovery.release(session, claim, error=error.message)
    except LeaseLost:
        log.info("shard was taken meanwhile", shard=claim.shard_id)


def load_failed(claim: Claim, error: BurnishError) -> None:
    """The model could not be loaded; one that is refused or not there fails the dataset or run at once."""
    log.warning("model not loaded", shard=claim.shard_id, model=claim.model, error=error.message)
    try:
        with transaction() as session:
            recovery.load_failed(session, claim, error=error.message, final=isinstance(error, BadInput))
    except LeaseLost:
        log.info("shard was taken meanwhile", shard=claim.shard_id)
