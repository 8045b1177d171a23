"""Live streams: server-sent events read from the ledger twice a second, replayed from Last-Event-ID, ended in words."""

import asyncio
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import BaseModel

from api.schemas.event import EventObject
from core.errors import TooMany, Unavailable
from core.settings import settings

LOOK_SECONDS = 0.5
AT_ONCE = 1000  # events in one look
SETTLED_SECONDS = 10.0  # an event this old has no older neighbour that is still to be committed
RETRY_MILLISECONDS = 1000


@dataclass
class Streams:
    """How many streams this process serves, so that they never starve the other routes of database connections."""

    most: int
    open: int = 0
    ending: Callable[[], bool] = lambda: False  # streams stop when the process does, so that their readers come back
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Asked before an answer begins. Raises TooMany when no place is free."""
        if self.open >= self.most:
            raise TooMany(f"{self.most} streams are open already; close one, or come back later.")

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a place while a stream lasts."""
        with self.lock:
            self.open += 1
        try:
            yield
        finally:
            with self.lock:
                self.open -= 1


@dataclass(frozen=True)
class Look:
    """What the ledger showed: events newer than asked for, and the subject's state once it has ended."""

    events: list[EventObject]
    ended: BaseModel | None


@dataclass
class Follow:
    """Follows a subject. `look(number)` reads the events after a number, oldest first.

    Numbers are dealt before commit, so a lower one may appear after a higher one: events of the last seconds are read
    again and told apart by `seen`.
    """

    look: Callable[[int], Look]
    floor: int
    seen: set[int] = field(default_factory=set)

    def news(self) -> Look:
        """Events not told yet."""
        found = self.look(self.floor)
        fresh = [event for event in found.events if event.number not in self.seen]
        self.seen.update(event.number for event in fresh)
        settled = math.inf if len(found.events) >= AT_ONCE else time.time() - SETTLED_SECONDS
        self.floor = max([self.floor, *(e.number for e in found.events if e.created_at.timestamp() < settled)])
        self.seen = {number for number in self.seen if number > self.floor}
        return Look(fresh, found.ended)


async def frames(follow: Follow, streams: Streams) -> AsyncIterator[str]:
    """The stream as text: events with ids, a comment when it was silent for long, and `event: end` at the end."""
    with streams.slot():
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        spoke = time.monotonic()
        while not streams.ending():
            try:
                found = await asyncio.to_thread(follow.news)
            except Unavailable:
                return  # the reader comes back with its Last-Event-ID
            for event in found.events:
                yield f"id: {event.id}\nevent: {event.type}\ndata: {event.model_dump_json()}\n\n"
                spoke = time.monotonic()
            if found.ended is not None and not found.events:
                yield f"event: end\ndata: {json.dumps(found.ended.model_dump(mode='json'))}\n\n"
                return
            if time.monotonic() - spoke >= settings().sse_heartbeat_seconds:
                yield ": heartbeat\n\n"
                spoke = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS if not found.events else 0)
