"""One shard in work on a generating worker: its rows are begun as places come free, and written as they end."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import BurnishError, EngineDied
from core.settings import settings
from workers.allowance import Allowance
from workers.lease import Lease
from workers.micro_batch import batches
from workers.persist import keep, persist
from workers.places import Places
from workers.plan import Make, Plan
from workers.teachers.teacher import Teacher
from workers.watched import Stopping, WatchedTeacher

Row = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """What the rows of a shard in work share; `places` belong to all shards of the worker."""

    lease: Lease
    allowance: Allowance
    places: Places
    done: "asyncio.Queue[Row | None]"
    stop: threading.Event


def furnish(lease: Lease, work: Plan, places: Places, stop: threading.Event) -> Bench:
    """The bench of a shard. Its queue holds no more than a micro-batch: when the ledger is slow the chains wait."""
    done: asyncio.Queue[Row | None] = asyncio.Queue(settings().micro_batch_rows)
    return Bench(lease, Allowance(lease, work.limits, wanted=len(work.make)), places, done, stop)


async def make(bench: Bench, work: Plan, teacher: Callable[[], Teacher | None]) -> str | None:
    """Make the plan's rows; each is written within a micro-batch of its end. Returns the limit that was reached.

    `teacher` tells who is loaded when a row begins. Raises EngineDied, LeaseLost, Unavailable.
    """
    try:
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(_write(bench, work))
            for row in work.ready:
                bench.lease.moved()
                await bench.done.put(row)
                bench.places.made(bench.lease.claim.shard_id)
            rows = [group.create_task(_row(bench, one, teacher)) for one in work.make]
            if rows:
                await asyncio.wait(rows)
            await bench.done.put(None)
            await writer
    except* BurnishError as errors:
        await asyncio.to_thread(keep, work.flush)
        raise errors.exceptions[0] from None
    if bench.stop.is_set():
        await asyncio.to_thread(keep, work.flush)
    return bench.allowance.reached


async def _row(bench: Bench, make: Make, loaded: Callable[[], Teacher | None]) -> None:
    async with bench.places.take(bench.lease.claim.shard_id):
        if bench.stop.is_set() or not await bench.allowance.take(bench.stop):
            return
        bench.lease.check()
        teacher = loaded()
        if teacher is None:
            raise EngineDied("The engine is gone.")
        try:
            row = await make(WatchedTeacher(teacher, bench.lease, bench.stop), bench.done.put)
        except Stopping:
            return
        bench.lease.moved()
        await bench.done.put(row)


async def _write(bench: Bench, work: Plan) -> None:
    ready = len(work.ready)  # they come first
    async for batch in batches(bench.done):
        if batch:
            await asyncio.to_thread(persist, bench.lease, lambda session, batch=batch: work.store(session, batch))
        else:  # turns of chains that go on are kept at the same pace
            await asyncio.to_thread(persist, bench.lease, work.flush)
        work.kept()
        ended = sum(row.get("state") != "open" for row in batch)
        bench.allowance.stored(max(0, ended - ready))
        ready = max(0, ready - ended)
