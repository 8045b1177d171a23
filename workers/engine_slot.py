"""The one engine that a generating worker keeps loaded, and for whom."""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

import structlog

from core.configs.teacher import ModelConfig
from core.database import transaction
from core.ledger import Claim
from core.queries import secrets
from core.settings import settings
from core.turn_key import Identity
from workers.plan import Plan
from workers.teachers import load_teacher
from workers.teachers.endpoint.lines import Lines
from workers.teachers.teacher import Teacher

log = structlog.get_logger()


class Load(Protocol):
    """How a teacher is loaded: `workers.teachers.load_teacher`, or what stands in for it."""

    async def __call__(self, config: ModelConfig, *, api_key: str | None = None, lines: Lines | None = None) -> Teacher:
        """See `load_teacher`."""
        ...


@dataclass(frozen=True)
class Loaded:
    """What is loaded; a teacher with a secret is its project's alone, for another may give the name to another key."""

    teacher: ModelConfig
    project_id: str | None


def needed(claim: Claim, teacher: ModelConfig) -> Loaded:
    """What a claim needs."""
    return Loaded(teacher, claim.project_id if teacher.secret else None)


class EngineSlot:
    """Holds at most one teacher. One that died or was refused is forgotten: the next claim loads a new one."""

    def __init__(self, load: Load | None = None) -> None:
        self._load_with = load
        self._lines = Lines()
        self._since = 0.0
        self.teacher: Teacher | None = None
        self.loaded: Loaded | None = None

    @property
    def model(self) -> str | None:
        """The loaded model, as shards name it."""
        return self.loaded.teacher.key if self.loaded else None

    @property
    def known(self) -> tuple[Loaded, Identity] | None:
        """What is loaded, and who that is."""
        if self.teacher is None or self.loaded is None:
            return None
        return self.loaded, Identity(self.teacher.engine, self.teacher.fingerprint, self.teacher.template_hash)

    @property
    def tired(self) -> bool:
        """Whether this model had its turn."""
        return time.monotonic() - self._since > settings().turn_seconds

    async def fill(self, claim: Claim, work: Plan) -> None:
        """Have what the claim needs loaded. Raises BadInput, EngineDied."""
        wanted = needed(claim, work.teacher)
        if self.teacher is None or self.loaded != wanted:
            await self.empty()
            log.info("loading", engine=work.teacher.engine, model=work.teacher.model)
            key = await asyncio.to_thread(_secret, claim, work)
            self.teacher = await (self._load_with or load_teacher)(work.teacher, api_key=key, lines=self._lines)
            self.loaded = wanted
        self._since = time.monotonic()

    def disown(self) -> None:
        """Shards in work end with this teacher, the next one gets another."""
        self.loaded = None

    async def empty(self) -> None:
        """End the engine."""
        teacher, self.teacher, self.loaded = self.teacher, None, None
        if teacher is not None:
            await teacher.close()


def _secret(claim: Claim, work: Plan) -> str | None:
    """The key of an endpoint. Raises BadInput when it is gone."""
    if work.teacher.secret is None:
        return None
    with transaction() as session:
        return secrets.reveal(session, claim.project_id, work.teacher.secret)
