"""Leases: one thread renews every claim the process holds, while the work on it moves."""

import threading
import time
from types import TracebackType
from typing import Self

import structlog

from core.database import transaction
from core.errors import LeaseLost, Unavailable
from core.ledger import Claim
from core.queries import shards
from core.settings import settings

log = structlog.get_logger()


class Lease:
    """A claim in work. `moved()` says there was progress; without any for `stall_seconds` it is not renewed."""

    def __init__(self, claim: Claim, *, stall_seconds: float) -> None:
        self.claim = claim
        self.stall_seconds = stall_seconds
        self.lost = threading.Event()
        self._renewed = self._moved = time.monotonic()

    def moved(self) -> None:
        """Note progress."""
        self._moved = time.monotonic()

    def check(self) -> None:
        """Raise LeaseLost when the claim is gone."""
        if self.lost.is_set():
            raise LeaseLost(f"The lease of shard {self.claim.shard_id} is lost.")

    def beat(self) -> None:
        """Renew the lease if the work moves; note its loss."""
        now = time.monotonic()
        if now - self._moved > self.stall_seconds:
            log.warning("no progress, lease not renewed", shard=self.claim.shard_id)
        elif self._renew():
            self._renewed = now
        if now - self._renewed > settings().lease_seconds:
            self.lost.set()

    def _renew(self) -> bool:
        try:
            with transaction() as session:
                shards.beat(session, self.claim)
        except LeaseLost:
            self.lost.set()
        except Unavailable as error:
            log.warning("beat failed", shard=self.claim.shard_id, error=error.message)
        else:
            return True
        return False


class Beats:
    """The thread that beats for every open lease of this process; use it as a context manager."""

    def __init__(self) -> None:
        self._leases: dict[int, Lease] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beats", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def open(self, claim: Claim, *, stall_seconds: float) -> Lease:
        """Start to renew a claim."""
        lease = Lease(claim, stall_seconds=stall_seconds)
        self._leases[claim.shard_id] = lease
        return lease

    def close(self, lease: Lease) -> None:
        """Stop to renew it. The same shard may be held again by now, under a newer lease: that one stays."""
        if self._leases.get(lease.claim.shard_id) is lease:
            del self._leases[lease.claim.shard_id]

    def held(self) -> list[int]:
        """Ids of the shards in work."""
        return sorted(self._leases)

    def _run(self) -> None:
        while not self._stop.wait(settings().beat_seconds):
            for lease in list(self._leases.values()):
                lease.beat()
