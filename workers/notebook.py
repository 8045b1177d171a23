"""The turns that a worker has sampled for a shard and not yet written: given to the cache, and charged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.ledger import Claim, Spent
from core.queries import cached_turns, shards
from core.strategies.cue import Cue
from core.turn_key import Identity
from workers import turn_cache
from workers.bound import priced
from workers.chain import Ask
from workers.omissions import Omissions
from workers.teachers.teacher import Turn

Row = dict[str, Any]


@dataclass(frozen=True)
class Payer:
    """The shard that pays for turns of a model, by the names its prices may stand under; what it had paid before."""

    claim: Claim
    names: tuple[str, ...]
    before: Spent


class Notebook:
    """Of one shard in work. Chains write into it, one writer empties it; without an identity nothing is cached.

    A turn is paid for when it was sampled, whatever becomes of its chain: so it is charged here, once, and found again
    for nothing. What was written is crossed out only when its COMMIT is known to have come through (`kept`): a write
    that broke is repeated with the same turns and those that came since. The shard is told the sum since its claim, not
    what is new, so a write that came through unnoticed is not charged twice.
    """

    def __init__(self, payer: Payer, identity: Identity | None) -> None:
        self._payer = payer
        self._paid = payer.before
        self.identity = identity
        self._turns: list[tuple[Row | None, Spent]] = []
        self._written = 0
        self.omissions = Omissions(payer.claim, next(iter(payer.names), ""), identity)

    def keeper(self, ask: Ask) -> Callable[[Ask, Cue, Turn], None]:
        """What a chain tells of its turns."""
        made = dict(ask.known)

        def keep(ask: Ask, cue: Cue, turn: Turn) -> None:
            key = None if self.identity is None else turn_cache.key(self.identity, ask, cue, made)
            self.note(key, turn)
            made[cue.name] = turn

        return keep

    def note(self, key: bytes | None, turn: Turn) -> None:
        """Write down one turn, with what it is cached under."""
        usd = priced(self._payer.names, turn.prompt_tokens, turn.tokens).usd
        self._turns.append((self._row(key, turn), Spent(turn.prompt_tokens, turn.tokens, usd)))
        self.omissions.note(turn)

    def flush(self, session: Session) -> None:
        """Charge everything, and give it to the cache. Raises LeaseLost when somebody else holds the shard."""
        self._written = len(self._turns)
        if self._written:
            shards.charge(session, self._payer.claim, self._sum())
            cached_turns.store(session, [row for row, _ in self._turns[: self._written] if row is not None])
        self.omissions.write(session)

    def kept(self) -> None:
        """What was written last is there."""
        self._paid = self._sum()
        del self._turns[: self._written]
        self._written = 0
        self.omissions.kept()

    def _sum(self) -> Spent:
        return sum((spent for _, spent in self._turns[: self._written]), self._paid)

    def _row(self, key: bytes | None, turn: Turn) -> Row | None:
        if self.identity is None or key is None:
            return None
        return turn_cache.memo(self._payer.claim.project_id, key, turn, fingerprint=self.identity.fingerprint)
