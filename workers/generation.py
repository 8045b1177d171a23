"""The generating worker: keeps an engine loaded and a bounded number of chains going, across shards."""

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from core.configs.teacher import ModelConfig
from core.database import transaction
from core.errors import BadInput, BurnishError, EngineDied, LeaseLost, Refused, Unavailable
from core.ledger import Claim
from core.queries import budgets, pipeline, secrets, shards
from core.settings import settings
from core.states import Queue
from workers import advance, give_up
from workers.allowance import Allowance
from workers.lease import Beats, Lease
from workers.micro_batch import batches
from workers.persist import persist
from workers.places import Places
from workers.plan import Make, Plan, plan, uses_cache
from workers.shared_device import SharedDevice
from workers.teachers import load_teacher
from workers.teachers.identity import identify
from workers.teachers.teacher import Teacher
from workers.watched import WatchedTeacher

log = structlog.get_logger()
Row = dict[str, Any]


class Load(Protocol):
    """How a teacher is loaded: `workers.teachers.load_teacher`, or what stands in for it."""

    async def __call__(self, config: ModelConfig, *, api_key: str | None = None) -> Teacher:
        """See `load_teacher`."""
        ...


class GeneratingDesk:
    """Drains the queue `generate`. One engine is loaded at a time; it stays loaded between drains.

    After `turn_seconds` with one model the oldest shard is next, whatever model it needs.
    """

    def __init__(
        self, beats: Beats, owner: str, device: SharedDevice | None = None, *, load: Load | None = None
    ) -> None:
        self._beats = beats
        self._owner = owner
        self._device = device or SharedDevice()
        self._load_with = load
        self._runner = asyncio.Runner()
        self._teacher: Teacher | None = None
        self._loaded: Loaded | None = None
        self._since = 0.0

    def drain(self, stop: threading.Event) -> None:
        """Work until nothing can be claimed, or `stop` is set."""
        self._runner.run(self._drain(stop))

    def close(self) -> None:
        """End the engine."""
        self._runner.run(self._let_go())
        self._runner.close()

    @property
    def model(self) -> str | None:
        """The loaded model, as shards name it."""
        return self._loaded.teacher.key if self._loaded else None

    @property
    def _tired(self) -> bool:
        return time.monotonic() - self._since > settings().turn_seconds

    async def _drain(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if self._device.due():
                await self._let_go()
            claim = await asyncio.to_thread(self._claim, None if self._tired else self.model, only=False)
            if claim is None:
                if self._device.due(idle=True):
                    await self._let_go()
                return
            try:
                await self._with_engine(claim, stop)
            except* Unavailable as errors:
                raise errors.exceptions[0] from None

    def _claim(self, model: str | None, *, only: bool) -> Claim | None:
        with transaction() as session:
            return shards.claim(session, queue=Queue.generate, owner=self._owner, model=model, only=only)

    async def _with_engine(self, claim: Claim, stop: threading.Event) -> None:
        """Load what the claim needs; then several shards of that model at once, so that no engine waits at a border.

        A shard that failed before is worked on alone.
        """
        lease = self._beats.open(claim, stall_seconds=settings().engine_load_seconds)
        try:
            work = await asyncio.to_thread(_read_plan, claim)
            if work.make:  # the cache may have it all
                if not await self._turn(lease, work, stop):
                    self._beats.close(lease)
                    await asyncio.to_thread(give_up.hand_back, claim)
                    return
                await self._load(claim, work)
        except LeaseLost as error:
            self._beats.close(lease)
            log.info("shard was taken meanwhile", shard=claim.shard_id, reason=error.message)
            return
        except (BadInput, EngineDied) as error:
            self._beats.close(lease)
            await asyncio.to_thread(give_up.load_failed, claim, error)
            return
        except Unavailable as error:  # the model hub, or the database
            self._beats.close(lease)
            await asyncio.to_thread(give_up.wait, claim, error)
            return
        except BaseException:
            self._beats.close(lease)
            raise
        places = Places(settings().chains_in_flight)
        alone = claim.attempts > 1  # it may be what ended a worker before: no other shard is put at risk beside it
        await self._shards((lease, work), places, stop, alone=alone)

    async def _turn(self, lease: Lease, work: Plan, stop: threading.Event) -> bool:
        """Wait for the device, where one is needed; False when the worker is to stop. Raises LeaseLost."""
        if work.teacher.engine == "openai":
            return True
        return await asyncio.to_thread(self._device.take, lease, stop)

    async def _let_go(self) -> None:
        await self._unload()
        await asyncio.to_thread(self._device.give)

    async def _load(self, claim: Claim, work: Plan) -> None:
        needed = _needed(claim, work)
        if self._teacher is None or self._loaded != needed:
            await self._unload()
            log.info("loading", engine=work.teacher.engine, model=work.teacher.model)
            key = await asyncio.to_thread(_secret, claim, work)
            self._teacher = await (self._load_with or load_teacher)(work.teacher, api_key=key)
            self._loaded = needed
        self._since = time.monotonic()

    async def _unload(self) -> None:
        teacher, self._teacher, self._loaded = self._teacher, None, None
        if teacher is not None:
            await teacher.close()

    async def _shards(self, first: tuple[Lease, Plan], places: Places, stop: threading.Event, *, alone: bool) -> None:
        """Shard after shard of the loaded model, as many at once as fill the places, until there is none."""
        held: tuple[Lease, Plan] | None = first
        async with asyncio.TaskGroup() as group:
            while held is not None:
                places.begin(held[0].claim.shard_id, len(held[1].make) + len(held[1].ready))
                group.create_task(self._shard(*held, places, stop))
                held = None if alone else await self._following(places, stop)

    async def _following(self, places: Places, stop: threading.Event) -> tuple[Lease, Plan] | None:
        """The next shard, when it is due; None when there is none and none is in work that might yet be followed."""
        await places.shard_due()
        held = await self._next(stop)
        while held is None and await places.shard_ended():
            held = await self._next(stop)
        return held

    async def _next(self, stop: threading.Event) -> tuple[Lease, Plan] | None:
        if stop.is_set() or self.model is None or self._tired or self._device.due():
            return None
        try:
            claim = await asyncio.to_thread(self._claim, self.model, only=True)
            if claim is None:
                return None
            work = await asyncio.to_thread(_read_plan, claim)
        except Unavailable as error:
            log.warning("database away", error=error.message)
            return None
        if _needed(claim, work) != self._loaded:
            await asyncio.to_thread(give_up.hand_back, claim)
            return None
        return self._beats.open(claim, stall_seconds=settings().engine_answer_seconds), work

    async def _shard(self, lease: Lease, work: Plan, places: Places, stop: threading.Event) -> None:
        lease.stall_seconds = settings().engine_answer_seconds
        lease.moved()
        try:
            reached = await self._make(lease, work, places, stop)
            if stop.is_set():
                await asyncio.to_thread(give_up.hand_back, lease.claim)
                return
            if reached is not None:
                await asyncio.to_thread(persist, lease, lambda session: budgets.stop(session, lease.claim, reached))
            await asyncio.to_thread(persist, lease, lambda session: pipeline.finish(session, lease.claim))
            await asyncio.to_thread(advance.after, lease.claim)
        except BurnishError as error:
            await self._failed(lease, error)
        finally:
            self._beats.close(lease)
            places.end(lease.claim.shard_id)

    async def _make(self, lease: Lease, work: Plan, places: Places, stop: threading.Event) -> str | None:
        """Make the plan's rows; each is written within a micro-batch of its end. Returns the limit that was reached.

        The queue holds no more than a micro-batch: when the ledger is slow the chains wait for it.
        """
        done: asyncio.Queue[Row | None] = asyncio.Queue(settings().micro_batch_rows)
        allowance = Allowance(lease, work.limits, wanted=len(work.make))
        bench = Bench(lease, allowance, places, done, stop)
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(_write(bench, work))
                for row in work.ready:
                    lease.moved()
                    await done.put(row)
                    places.made(lease.claim.shard_id)
                rows = [group.create_task(self._row(bench, make)) for make in work.make]
                if rows:
                    await asyncio.wait(rows)
                await done.put(None)
                await writer
        except* BurnishError as errors:
            await asyncio.to_thread(_keep_turns, work)
            raise errors.exceptions[0] from None
        if stop.is_set():
            await asyncio.to_thread(_keep_turns, work)
        return allowance.reached

    async def _row(self, bench: "Bench", make: Make) -> None:
        async with bench.places.take(bench.lease.claim.shard_id):
            if bench.stop.is_set() or not await bench.allowance.take(bench.stop):
                return
            bench.lease.check()
            if self._teacher is None:
                raise EngineDied("The engine is gone.")
            row = await make(WatchedTeacher(self._teacher, bench.lease), bench.done.put)
            bench.lease.moved()
            await bench.done.put(row)

    async def _failed(self, lease: Lease, error: BurnishError) -> None:
        """Give the shard back; a dead engine is forgotten, the next claim loads a new one.

        A teacher that does not answer is nobody's fault: the shard waits. One that does not take us ends the dataset,
        and is forgotten too: whoever resumes it has stored another key, or allowed the address.
        """
        self._beats.close(lease)
        if isinstance(error, Unavailable):
            await asyncio.to_thread(give_up.wait, lease.claim, error)
            return
        if isinstance(error, Refused):
            await self._unload()
            await asyncio.to_thread(give_up.load_failed, lease.claim, error)
            return
        log.warning("shard failed", shard=lease.claim.shard_id, error=str(error))
        if isinstance(error, EngineDied):
            await self._unload()
        if not isinstance(error, LeaseLost):
            await asyncio.to_thread(give_up.release, lease.claim, error)


@dataclass(frozen=True)
class Loaded:
    """What is loaded; a teacher with a secret is its project's alone, for another may give the name to another key."""

    teacher: ModelConfig
    project_id: str | None


@dataclass(frozen=True)
class Bench:
    """What the rows of a shard in work share."""

    lease: Lease
    allowance: Allowance
    places: Places
    done: "asyncio.Queue[Row | None]"
    stop: threading.Event


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


def _needed(claim: Claim, work: Plan) -> Loaded:
    return Loaded(work.teacher, claim.project_id if work.teacher.secret else None)


def _secret(claim: Claim, work: Plan) -> str | None:
    """The key of an endpoint. Raises BadInput when it is gone."""
    if work.teacher.secret is None:
        return None
    with transaction() as session:
        return secrets.reveal(session, claim.project_id, work.teacher.secret)


def _keep_turns(work: Plan) -> None:
    """What chains that did not end were told is paid for."""
    try:
        with transaction() as session:
            work.flush(session)
    except Unavailable as error:
        log.warning("turns not kept", error=error.message)


def _read_plan(claim: Claim) -> Plan:
    """Who the teacher is is found out between two transactions: weights may be long to read."""
    with transaction() as session:
        cached = uses_cache(session, claim)
    identity = identify(cached.teacher) if cached is not None else None
    with transaction() as session:
        return plan(session, claim, identity=identity)
