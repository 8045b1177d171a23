"""How many requests are under way at once: more while all goes well, half as many when the endpoint is overrun."""

import asyncio
import time
from collections import deque
from types import TracebackType
from typing import Self

START = 16  # requests at once before anything is known
HALF = 0.5


class Gate:
    """Additive increase, multiplicative decrease; before the first congestion each success adds one.

    Use it as a context manager around a request; who waits longest is let in first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(min(START, most))
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._congested = False
        self._shrunk = float("-inf")

    @property
    def limit(self) -> int:
        """Requests that may be under way now."""
        return int(self._limit)

    async def __aenter__(self) -> Self:
        if self._inside < self.limit and not self._waiting:
            self._inside += 1
            return self
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine  # whoever lets it in counts it
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
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

    def _leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._inside < self.limit:
            one = self._waiting.popleft()
            if not one.done():
                self._inside += 1
                one.set_result(None)
