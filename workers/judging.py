"""A judge at work: many questions at once, and what it said written while it goes on."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.errors import BurnishError
from core.settings import settings
from workers import cases
from workers.cases import Case, Scored
from workers.lease import Lease
from workers.micro_batch import batches
from workers.persist import persist
from workers.rewards.judge import Judge


@dataclass(frozen=True)
class Court:
    """What the cases of a shard in work share."""

    judge: Judge
    seed: int
    lease: Lease
    stop: threading.Event
    slots: asyncio.Semaphore
    done: "asyncio.Queue[Scored | None]"


async def judge_all(judge: Judge, waiting: Sequence[Case], *, seed: int, lease: Lease, stop: threading.Event) -> None:
    """Judge the cases, each written within a micro-batch of its end; after `stop` no further one is begun.

    When one fails the others are given up, and what was said until then is kept: it is paid for. The queue holds no
    more than a micro-batch: when the ledger is slow the judge waits for it. Raises LeaseLost, EngineDied, Unavailable.
    """
    limits = settings()
    done: asyncio.Queue[Scored | None] = asyncio.Queue(limits.micro_batch_rows)
    court = Court(judge, seed, lease, stop, asyncio.Semaphore(limits.chains_in_flight), done)
    try:
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(_write(court))
            try:
                await _cases(court, waiting)
            finally:
                if not writer.done():
                    await done.put(None)
                    await asyncio.wait([writer])
    except* BurnishError as errors:
        raise _first(errors) from None


async def _cases(court: Court, waiting: Sequence[Case]) -> None:
    async with asyncio.TaskGroup() as group:
        for case in waiting:
            group.create_task(_case(court, case))


async def _case(court: Court, case: Case) -> None:
    async with court.slots:
        if court.stop.is_set():
            return
        court.lease.check()
        answers = list(case.answers.values())
        verdicts = await court.judge.score(answers, seed=court.seed)
        court.lease.moved()
        fingerprint = court.judge.fingerprint(answers[0].rubric)
        await court.done.put(Scored(case, court.judge.scorer, fingerprint, verdicts))


async def _write(court: Court) -> None:
    async for batch in batches(court.done):
        if batch:
            await asyncio.to_thread(persist, court.lease, partial(cases.store, claim=court.lease.claim, batch=batch))


def _first(errors: BaseExceptionGroup[BurnishError]) -> BurnishError:
    """The first error of a group of groups."""
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
