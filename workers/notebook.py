"""The turns that a worker has sampled and not yet given to the cache."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from core.queries import cached_turns
from core.strategies.cue import Cue
from workers import turn_cache
from workers.chain import Ask, Identity
from workers.teachers.teacher import Turn

Row = dict[str, Any]


class Notebook:
    """Of one shard. Chains write into it, one writer empties it; without an identity it stays empty.

    What was written is crossed out only when its COMMIT is known to have come through (`kept`): a write that broke is
    repeated with the same turns and those that came since.
    """

    def __init__(self, project_id: str, identity: Identity | None) -> None:
        self._project_id = project_id
        self._identity = identity
        self._turns: list[Row] = []
        self._written = 0

    def keeper(self, ask: Ask) -> Callable[[Ask, Cue, Turn], None]:
        """What a chain tells of its turns."""
        made = dict(ask.known)

        def keep(ask: Ask, cue: Cue, turn: Turn) -> None:
            if self._identity is not None:
                self.note(turn_cache.key(self._identity, ask, cue, made), turn)
            made[cue.name] = turn

        return keep

    def note(self, key: bytes, turn: Turn) -> None:
        """Write down one turn."""
        if self._identity is not None:
            row = turn_cache.memo(self._project_id, key, turn, fingerprint=self._identity.fingerprint)
            self._turns.append(row)

    def flush(self, session: Session) -> None:
        """Give everything to the cache."""
        self._written = len(self._turns)
        cached_turns.store(session, self._turns[: self._written])

    def kept(self) -> None:
        """What was given last is there."""
        del self._turns[: self._written]
        self._written = 0
