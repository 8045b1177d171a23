"""The turns that a worker has sampled and not yet given to the cache."""

from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from core.queries import cached_turns
from workers import turn_cache
from workers.chain import Ask, Identity
from workers.strategies.cue import Cue
from workers.teachers.teacher import Turn

Row = dict[str, Any]


class Notebook:
    """Of one shard. Chains write into it, whoever stores rows empties it; without an identity it stays empty."""

    def __init__(self, project_id: str, identity: Identity | None) -> None:
        self._project_id = project_id
        self._identity = identity
        self._fresh: deque[Row] = deque()
        self._taken: list[Row] = []

    def keeper(self, ask: Ask) -> Callable[[Ask, Cue, Turn], None]:
        """What a chain tells of its turns."""
        made = dict(ask.known)

        def keep(ask: Ask, cue: Cue, turn: Turn) -> None:
            if self._identity is not None:
                key = turn_cache.key(self._identity, ask, cue, made)
                fingerprint = self._identity.fingerprint
                self._fresh.append(turn_cache.memo(self._project_id, key, turn, fingerprint=fingerprint))
            made[cue.name] = turn

        return keep

    def turns(self) -> list[Row]:
        """Everything since the last time. A write that is repeated gets the same turns again."""
        fresh = [self._fresh.popleft() for _ in range(len(self._fresh))]
        again, self._taken = self._taken, fresh
        return again + fresh

    def flush(self, session: Session) -> None:
        """Give everything to the cache."""
        cached_turns.store(session, self.turns())
