"""What an endpoint did not take of the sampling, on its way from the turns of a shard to the ledger."""

from sqlalchemy.orm import Session

from core.ledger import Claim
from core.queries import omissions
from core.turn_key import Identity
from workers.teachers.teacher import Turn


class Omissions:
    """Of one shard in work: told once it is known to be written (`kept`), like the turns themselves."""

    def __init__(self, claim: Claim, model: str, identity: Identity | None) -> None:
        """`model` is its name with its host. Without an identity no turn is cached, and nothing kept for later ones."""
        self._claim = claim
        self._model = model
        self._identity = identity
        self._noted: set[str] = set()
        self._writing = self._written = frozenset[str]()
        self._recalled = False

    def note(self, turn: Turn) -> None:
        """A turn was sampled now."""
        self._noted.update(turn.omitted)

    def recalled(self) -> None:
        """Turns were taken from the cache: what they were sampled without is true of this shard's dataset too."""
        self._recalled = self._identity is not None and self._identity.engine == "openai"

    def write(self, session: Session) -> None:
        """Tell what was not told yet."""
        fingerprint = None if self._identity is None else self._identity.fingerprint
        if self._recalled and fingerprint is not None:
            self._noted |= omissions.told(session, self._claim, self._model, fingerprint)
        self._writing = frozenset(self._noted)
        if self._writing - self._written:
            omissions.tell(session, self._claim, self._model, self._writing, fingerprint=fingerprint)

    def kept(self) -> None:
        """What was written last is there."""
        self._written, self._recalled = self._writing, False
