"""The leave to begin chains: without a budget it is always given, with one the ledger gives it out."""

import asyncio
import threading
from dataclasses import dataclass

from core.queries import budgets
from core.queries.budgets import Price
from workers.lease import Lease
from workers.persist import persist

PAUSE = 0.1  # seconds between two looks while others use up the room there is


@dataclass(frozen=True)
class Limits:
    """The most that one chain, and the verdicts on it, can take."""

    chain: Price
    verdict: Price


class Allowance:
    """Of one shard in work. `reached` names the limit after which nothing is begun any more."""

    def __init__(self, lease: Lease, limits: Limits | None, *, wanted: int) -> None:
        self.reached: str | None = None
        self._lease = lease
        self._limits = limits
        self._left = wanted
        self._free = 0
        self._begun = 0
        self._turn = asyncio.Lock()

    async def take(self, stop: threading.Event) -> bool:
        """Whether one more chain may be begun; waits while the room is taken by others. Raises LeaseLost."""
        if self._limits is None:
            return True
        async with self._turn:
            while not self._free and not await self._more(self._limits):
                if self.reached is not None or stop.is_set():
                    return False
                self._lease.moved()
                await asyncio.sleep(PAUSE)
            self._free -= 1
            self._begun += 1
            self._left -= 1
            return True

    def stored(self, rows: int) -> None:
        """So many of those that were begun have ended and are counted in the ledger."""
        self._begun -= rows

    async def _more(self, limits: Limits) -> bool:
        if self.reached is None:
            held, wanted = self._free + self._begun, max(1, self._left)
            given = await asyncio.to_thread(
                persist,
                self._lease,
                lambda session: budgets.grant(
                    session, self._lease.claim, held=held, wanted=wanted, bound=limits.chain, verdict=limits.verdict
                ),
            )
            self.reached, self._free = given.reached, given.chains
        return self._free > 0
