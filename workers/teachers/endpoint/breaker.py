"""The breaker: an endpoint that fails again and again is left alone for a while."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.errors import Unavailable

FAILURES = 10  # in a row, after which nobody asks any more
LONGEST = 12  # pauses are at most so many times the first one


class Breaker:
    """Closed: everybody may ask. Open: nobody, but one request for each pause, whose outcome all others wait for; when
    it is answered, everybody again.

    Pauses double from one to the next.
    """

    def __init__(self, pause: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._first = self._pause = pause
        self._now = now
        self._failures = 0
        self._until = float("-inf")
        self._trial: asyncio.Event | None = None  # while open: set when the one that was let through is back
        self._why: str | None = None

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """The way of one request. Raises Unavailable while the endpoint is left alone."""
        while self._trial is not None:
            await self._trial.wait()
        if self._why is None:
            yield
            return
        if self._now() < self._until:
            raise Unavailable(self._why)
        trial = self._trial = asyncio.Event()
        try:
            yield
        finally:
            self._trial = None
            trial.set()

    def failed(self, why: str) -> None:
        """A request met an endpoint that is ill. Those that were under way when it was opened change nothing."""
        self._failures += 1
        if self._why is None and self._failures >= FAILURES:
            self.rest(self._pause, why)
        elif self._why is not None and self._trial is not None:
            self._pause = min(self._pause * 2, self._first * LONGEST)
            self.rest(self._pause, why)

    def rest(self, seconds: float, why: str) -> None:
        """Leave it alone for so long."""
        self._why = why
        self._until = max(self._until, self._now() + seconds)

    def well(self) -> None:
        """A request was answered."""
        self._failures, self._why, self._pause = 0, None, self._first
        self._until = float("-inf")
