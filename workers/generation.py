"""The generating worker: keeps an engine loaded and a bounded number of chains going, across shards."""

import asyncio
import threading
from contextlib import ExitStack

import structlog

from core.database import transaction
from core.errors import BadInput, BurnishError, DiskFull, EngineDied, LeaseLost, Refused, Unavailable
from core.ledger import Claim
from core.queries import budgets, pipeline, shards
from core.settings import settings
from core.states import Queue
from core.turn_key import Identity
from workers import advance, give_up, workbench
from workers.engine_slot import EngineSlot, Load, Loaded, needed
from workers.lease import Beats, Lease
from workers.persist import persist
from workers.places import Places
from workers.plan import Plan, plan, to_load, uses_cache
from workers.shared_device import SharedDevice
from workers.teachers.endpoint.patience import still
from workers.teachers.identity import identify

log = structlog.get_logger()


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
        self._slot = EngineSlot(load)
        self._runner = asyncio.Runner()

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
        return self._slot.model

    async def _drain(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if self._device.due():
                await self._let_go()
            claim = await asyncio.to_thread(self._claim, None if self._slot.tired else self.model, only=False)
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
        with ExitStack() as let_go:
            let_go.callback(self._beats.close, lease)
            work = await self._prepared(lease, stop)
            if work is None:
                return
            let_go.pop_all()  # from here on the shard's own work does it
        places = Places(settings().chains_in_flight)
        alone = claim.attempts > 1  # it may be what ended a worker before: no other shard is put at risk beside it
        await self._shards((lease, work), places, stop, alone=alone)

    async def _prepared(self, lease: Lease, stop: threading.Event) -> Plan | None:
        """What is to be made, with its engine loaded; None where the shard was given back instead."""
        claim = lease.claim
        try:
            work = await asyncio.to_thread(_read_plan, claim, self._slot.known)
            if work.make:  # the cache may have it all
                if not await self._turn(lease, work, stop):
                    await asyncio.to_thread(give_up.hand_back, claim)
                    return None
                await self._slot.fill(claim, work)
        except LeaseLost as error:
            log.info("shard was taken meanwhile", shard=claim.shard_id, reason=error.message)
        except (BadInput, EngineDied) as error:
            await asyncio.to_thread(give_up.load_failed, claim, error)
        except Unavailable as error:  # the model hub, or the database
            await asyncio.to_thread(give_up.wait, claim, error)
        else:
            return work
        return None

    async def _turn(self, lease: Lease, work: Plan, stop: threading.Event) -> bool:
        """Wait for the device, where one is needed; False when the worker is to stop. Raises LeaseLost."""
        if work.teacher.engine == "openai":
            return True
        return await asyncio.to_thread(self._device.take, lease, stop)

    async def _let_go(self) -> None:
        await self._slot.empty()
        await asyncio.to_thread(self._device.give)

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
        if stop.is_set() or self.model is None or self._slot.tired or self._device.due():
            return None
        try:
            claim = await asyncio.to_thread(self._claim, self.model, only=True)
        except Unavailable as error:
            log.warning("database away", error=error.message)
            return None
        work = None if claim is None else await self._planned(claim)
        if claim is None or work is None:
            return None
        if needed(claim, work.teacher) != self._slot.loaded:
            await asyncio.to_thread(give_up.hand_back, claim)
            return None
        return self._beats.open(claim, stall_seconds=still(work.teacher.engine)), work

    async def _planned(self, claim: Claim) -> Plan | None:
        """What is to do for a claim beside shards in work; None when it was let go of, which is no matter of theirs.

        The same model may be asked for in an engine that is not here, or have gone since it was loaded.
        """
        try:
            return await asyncio.to_thread(_read_plan, claim, self._slot.known)
        except BadInput as error:
            await asyncio.to_thread(give_up.load_failed, claim, error)
        except Unavailable as error:  # the model hub, or the database
            await asyncio.to_thread(give_up.wait, claim, error)
        return None

    async def _shard(self, lease: Lease, work: Plan, places: Places, stop: threading.Event) -> None:
        lease.stall_seconds = still(work.teacher.engine)
        lease.moved()
        try:
            bench = workbench.furnish(lease, work, places, stop)
            reached = await workbench.make(bench, work, lambda: self._slot.teacher)
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

    async def _failed(self, lease: Lease, error: BurnishError) -> None:
        """Give the shard back; a dead engine is forgotten, the next claim loads a new one.

        A teacher that does not answer, or a full disk, is nobody's fault: the shard waits. A teacher that does not take
        us ends the dataset, and is forgotten too: whoever resumes it has stored another key, or allowed the address.
        """
        self._beats.close(lease)
        if isinstance(error, Unavailable | DiskFull):
            await asyncio.to_thread(give_up.wait, lease.claim, error)
            return
        if isinstance(error, Refused):
            self._slot.disown()  # the next shard gets another one; those that are in work end with this one
            await asyncio.to_thread(give_up.load_failed, lease.claim, error)
            return
        log.warning("shard failed", shard=lease.claim.shard_id, error=str(error))
        if isinstance(error, EngineDied):
            await self._slot.empty()
        if not isinstance(error, LeaseLost):
            await asyncio.to_thread(give_up.release, lease.claim, error)


def _read_plan(claim: Claim, known: tuple[Loaded, Identity] | None) -> Plan:
    """Who the teacher is, is known of one that is loaded; else it is found out between two transactions.

    Weights may be long to read.
    """
    with transaction() as session:
        cached = uses_cache(session, claim)
        if cached is None:
            return plan(session, claim)
        if known is not None and needed(claim, to_load(cached.teacher)) == known[0]:
            return plan(session, claim, identity=known[1])
    identity = identify(cached.teacher)
    with transaction() as session:
        return plan(session, claim, identity=identity)
