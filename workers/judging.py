"""A judge at work: many questions at once, and what it said written while it goes on."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.errors import BurnishError, LeaseLost
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

    When one fails the others end, and what was said until then is kept: it is paid for. Raises LeaseLost, EngineDied,
    Unavailable.
    """
    court = Court(judge, seed, lease, stop, asyncio.Semaphore(settings().chains_in_flight), asyncio.Queue())
    writer = asyncio.create_task(_write(court))
    try:
        async with asyncio.TaskGroup() as group:
            for case in waiting:
                group.create_task(_case(court, case))
    except* BurnishError as errors:
        raise errors.exceptions[0] from None
    finally:
        await court.done.put(None)
        await writer


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
    claim = court.lease.claim
    async for batch in batches(court.done):
        if not batch:
            continue
        try:
            await asyncio.to_thread(persist, court.lease, partial(cases.store, claim=claim, batch=batch))
        except LeaseLost:
            court.lease.lost.set()  # nobody begins another case
            raise
