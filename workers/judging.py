"""A judge at work: many questions at once, and what it said written while it goes on."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from core.configs.reward import RewardConfig
from core.database import transaction
from core.errors import BurnishError
from core.ledger import Claim
from core.queries import shards
from core.settings import settings
from workers import cases, turn_cache
from workers.cases import Case, Scored
from workers.lease import Lease
from workers.micro_batch import batches
from workers.notebook import Notebook, Payer
from workers.persist import keep, persist
from workers.rewards.judge import Judge, Memory


@dataclass(frozen=True)
class Court:
    """What the cases of a shard in work share."""

    judge: Judge
    seed: int
    lease: Lease
    stop: threading.Event
    memory: Memory
    notebook: Notebook
    slots: asyncio.Semaphore
    done: "asyncio.Queue[Scored | None]"


@dataclass(frozen=True)
class Docket:
    """What a shard asks of its scorer; with `cache`, what a judge said before is not asked again."""

    config: RewardConfig
    seed: int
    waiting: Sequence[Case]
    cache: bool = False


async def judge_all(judge: Judge, docket: Docket, *, lease: Lease, stop: threading.Event) -> None:
    """Judge the cases, each written within a micro-batch of its end; after `stop` no further one is begun.

    When one fails the others are given up, and what was said until then is kept: it is paid for. The queue holds no
    more than a micro-batch: when the ledger is slow the judge waits for it. Raises LeaseLost, EngineDied, Unavailable.
    """
    limits = settings()
    done: asyncio.Queue[Scored | None] = asyncio.Queue(limits.micro_batch_rows)
    memory, notebook = await asyncio.to_thread(_remember, judge, docket, lease.claim)
    slots = asyncio.Semaphore(limits.chains_in_flight)
    court = Court(judge, docket.seed, lease, stop, memory, notebook, slots, done)
    try:
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(_write(court))
            try:
                await _cases(court, docket.waiting)
            finally:
                if not writer.done():
                    await done.put(None)
                    await asyncio.wait([writer])
    except* BurnishError as errors:
        await asyncio.to_thread(keep, notebook.flush)
        raise _first(errors) from None


def _remember(judge: Judge, docket: Docket, claim: Claim) -> tuple[Memory, Notebook]:
    """What the judge said before to the questions of these cases, and where to write what it says now."""
    keys: set[bytes] = set()
    if docket.cache:
        keys = {key for case in docket.waiting for key in judge.keys(list(case.answers.values()), seed=docket.seed)}
    with transaction() as session:
        payer = Payer(claim, docket.config.names, shards.paid(session, claim))
        notebook = Notebook(payer, judge.identity if docket.cache else None)
        known = turn_cache.look_up(session, claim.project_id, sorted(keys))
        if known:
            notebook.omissions.recalled()
        return Memory(known, notebook.note), notebook


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
        verdicts = await court.judge.score(answers, seed=court.seed, memory=court.memory)
        court.lease.moved()
        fingerprint = court.judge.fingerprint(answers[0].rubric)
        await court.done.put(Scored(case, court.judge.scorer, fingerprint, verdicts))


async def _write(court: Court) -> None:
    async for batch in batches(court.done):
        await asyncio.to_thread(persist, court.lease, partial(_store, court, batch))
        court.notebook.kept()


def _store(court: Court, batch: Sequence[Scored], session: Session) -> None:
    court.notebook.flush(session)
    if batch:  # else there are answers alone, of cases that go on
        cases.store(session, claim=court.lease.claim, batch=batch)


def _first(errors: BaseExceptionGroup[BurnishError]) -> BurnishError:
    """The first error of a group of groups."""
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
