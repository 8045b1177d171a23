"""How many requests are under way at once: more while all goes well, half as many when the endpoint is overrun."""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

START = 16  # requests at once before anything is known
HALF = 0.5


class Gate:
    """Additive increase, multiplicative decrease; before the first congestion each success adds one.

    Of those who wait the longest conversation is let in first, so that what was begun ends before more is begun; of
    equals the one that waits longest.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(min(START, most))
        self._inside = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []  # a heap
        self._numbers = count()
        self._congested = False
        self._shrunk = float("-inf")

    @property
    def limit(self) -> int:
        """Requests that may be under way now."""
        return int(self._limit)

    @asynccontextmanager
    async def inside(self, messages: int = 1) -> AsyncIterator[None]:
        """The place of one request, whose conversation has so many messages."""
        await self._enter(messages)
        try:
            yield
        finally:
            self._leave()

    def well(self) -> None:
        """A request was answered: a little more. Only who uses what it has gets more."""
        if self._inside >= self.limit - 1:
            self._limit = min(self._most, self._limit + (1 / self._limit if self._congested else 1))
            self._admit()

    def overrun(self, begun: float) -> None:
        """A request that was `begun` then (monotonic seconds) met congestion: half, once for each round of requests."""
        if begun >= self._shrunk:
            self._congested, self._shrunk = True, time.monotonic()
            self._limit = max(1.0, self._limit * HALF)

    async def _enter(self, messages: int) -> None:
        if self._inside < self.limit and not self._waiting:
            self._inside += 1
            return
        mine = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-messages, next(self._numbers), mine))
        try:
            await mine  # whoever lets it in counts it
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._inside < self.limit:
            *_, one = heapq.heappop(self._waiting)
            if not one.done():
                self._inside += 1
                one.set_result(None)
