"""A judge at work: many questions at once, and what it said written while it goes on."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.orm import Session

from core.configs.reward import RewardConfig
from core.database import transaction
from core.errors import BurnishError, Unavailable
from core.settings import settings
from workers import cases, turn_cache
from workers.cases import Case, Scored
from workers.lease import Lease
from workers.micro_batch import batches
from workers.notebook import Notebook
from workers.persist import persist
from workers.rewards.judge import Judge, Memory

log = structlog.get_logger()


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
    notebook = Notebook(lease.claim.project_id, judge.identity if docket.cache else None)
    memory = await asyncio.to_thread(_remember, judge, docket, lease.claim.project_id, notebook)
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
        await asyncio.to_thread(_keep_notes, notebook)
        raise _first(errors) from None


def _remember(judge: Judge, docket: Docket, project_id: str, notebook: Notebook) -> Memory:
    """What the judge said before to the questions of these cases."""
    if not docket.cache:
        return Memory()
    keys = {key for case in docket.waiting for key in judge.keys(list(case.answers.values()), seed=docket.seed)}
    with transaction() as session:
        return Memory(turn_cache.look_up(session, project_id, sorted(keys)), notebook.note)


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
        if batch:
            await asyncio.to_thread(persist, court.lease, partial(_store, court, batch))
            court.notebook.kept()


def _store(court: Court, batch: Sequence[Scored], session: Session) -> None:
    court.notebook.flush(session)
    cases.store(session, claim=court.lease.claim, batch=batch)


def _keep_notes(notebook: Notebook) -> None:
    """What was said about cases that did not end is paid for."""
    try:
        with transaction() as session:
            notebook.flush(session)
    except Unavailable as error:
        log.warning("verdicts not kept", error=error.message)


def _first(errors: BaseExceptionGroup[BurnishError]) -> BurnishError:
    """The first error of a group of groups."""
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
