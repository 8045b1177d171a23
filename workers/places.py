"""Places for chains under way, and how many chains there are to fill them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SPARE = 8  # one chain more than the engine answers at once for every so many: it never waits for us between two turns
AHEAD = 2  # the next shard is due when the chains that wait for a place are fewer than the places by this factor


class Places:
    """Chains of several shards, a bounded number of them under way.

    The engine answers `rows` at once. The next shard is claimed while there are still chains to begin with, for
    claiming and planning take time, and the last chains of a shard fill few places.
    """

    def __init__(self, rows: int) -> None:
        self.number = rows + rows // SPARE
        self._slots = asyncio.Semaphore(self.number)
        self._left: dict[int, int] = {}  # by shard: chains that have not ended
        self._changed = asyncio.Event()

    def begin(self, shard: int, chains: int) -> None:
        """A shard is in work with so many chains, those that are remembered included."""
        self._left[shard] = chains

    def end(self, shard: int) -> None:
        """It is not in work any more."""
        self._left.pop(shard, None)
        self._changed.set()

    @asynccontextmanager
    async def take(self, shard: int) -> AsyncIterator[None]:
        """A place for one chain of a shard that was begun; who waits longest is next."""
        async with self._slots:
            try:
                yield
            finally:
                self.made(shard)

    def made(self, shard: int) -> None:
        """One chain of the shard has ended, or was remembered."""
        self._left[shard] -= 1
        self._changed.set()

    async def shard_due(self) -> bool:
        """Wait until another shard is needed, or one has ended; False when none is in work."""
        held = len(self._left)
        while len(self._left) == held and sum(self._left.values()) >= self.number + self.number // AHEAD:
            await self._change()
        return bool(self._left)

    async def shard_ended(self) -> bool:
        """Wait until a shard that is in work has ended; False when there is none."""
        held = len(self._left)
        while held and len(self._left) == held:
            await self._change()
        return held > 0

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
