"""The relay, which rings for work that nobody was rung for, and the sweep, which mends what vanished workers left."""

import os
import socket
import threading
import time
from collections import defaultdict

import structlog

from core import doorbell, uploads
from core.database import transaction
from core.errors import BurnishError, Unavailable
from core.ids import new_id
from core.logs import configure
from core.queries import cached_turns, datasets, files, idempotency_keys, recovery, runs, workers
from core.settings import settings
from core.states import Queue
from workers import advance, training
from workers.stopping import stop_on_signal

log = structlog.get_logger()
MOST_TRIMMED = 10_000  # cached turns that one sweep forgets: leases are looked at in the same transaction
PREVIEW_HOURS = 24  # previews that nothing was made of are forgotten then
ENOUGH = 100  # bells at once: a rung worker drains its queue, so one for each of a thousand shards wakes nobody more


def relay() -> int:
    """Mark unrung shards as rung, commit, then ring; a ring that fails is taken back. Returns how many were marked."""
    with transaction() as session:
        if not recovery.only_one(session, recovery.RELAY_LOCK):
            return 0
        found = recovery.unrung(session)
        recovery.rung(session, [row.id for row in found])
    by_queue: dict[str, list[int]] = defaultdict(list)
    for row in found:
        by_queue[row.queue].append(row.id)
    for queue, ids in by_queue.items():
        try:
            doorbell.ring(Queue(queue), ids[:ENOUGH])
        except Unavailable as error:
            log.warning("doorbell not rung; workers poll the ledger", queue=queue, error=error.message)
            with transaction() as session:
                recovery.unring_these(session, ids)
    return len(found)


def sweep() -> None:
    """Expired leases back to work, silent doorbells forgotten, parents advanced, old idempotency keys dropped."""
    with transaction() as session:
        if not recovery.only_one(session, recovery.SWEEP_LOCK):
            return
        expired = recovery.expire(session)
        recovery.unring(session, older_than=settings().sweep_seconds)
        idempotency_keys.forget(session, settings().idempotency_hours)
        datasets.forget_previews(session, hours=PREVIEW_HOURS)
        cached_turns.trim(session, unused_days=settings().cache_days, most=MOST_TRIMMED)
    for claim in expired:
        log.warning("lease expired", shard=claim.shard_id, stage=claim.stage, attempts=claim.attempts)
    advance.everything()
    _clear_uploads()
    _resume_when_there_is_room()


def _clear_uploads() -> None:
    """Delete what uploads that were cut off have left behind."""
    old = {path.name: path for path in uploads.old_ones()}
    with transaction() as session:
        known = files.known(session, old)
    for name in old.keys() - known:
        old[name].unlink(missing_ok=True)


def _resume_when_there_is_room() -> None:
    with transaction() as session:
        for run in runs.paused_by_full_disk(session):
            if training.has_room(run):
                runs.resume(session, run.project_id, run.id)


def run(stop: threading.Event) -> None:
    """Relay and sweep until `stop` is set. A server that is away is waited for."""
    owner, swept = new_id("wrk"), -settings().sweep_seconds
    while not stop.wait(settings().relay_seconds):
        try:
            relay()
            if time.monotonic() - swept >= settings().sweep_seconds:
                sweep()
                _sign(owner)
                swept = time.monotonic()
        except BurnishError as error:
            log.warning("sweep failed, trying again", error=error.message)


def _sign(owner: str) -> None:
    """A sign of life, and an end to the memory of processes that gave none for a day."""
    with transaction() as session:
        workers.seen(session, id=owner, queue="sweep", info={"pid": os.getpid(), "host": socket.gethostname()})
        workers.forget(session, hours=24)


def main() -> None:
    """`python -m workers.sweep`."""
    configure()
    run(stop_on_signal())


if __name__ == "__main__":
    main()
