"""Every error Burnish raises on purpose.

BurnishError
├── BadInput              what was asked cannot be done as asked; carries `param`
│   ├── UnknownName       a behavior, model, method, rule or format that does not exist
│   ├── ForbiddenModel    a model folder with files that are not allowed
│   ├── MissingColumn     a method needs a column the dataset lacks
│   └── Unanswered        a model cannot answer this conversation; carries `reason`
├── NotFound              no such object in this project
├── Conflict              the object's state does not allow it; may carry `param`
├── Unauthenticated       no key, or one that is malformed, unknown, revoked or expired
├── Forbidden             the key lacks the scope
├── IdempotencyMismatch   the key was used with another body
├── IdempotencyInFlight   the first request with this key has not ended
├── TooMany               as many of these are open as may be at once; try again later
├── Unavailable           a server we need does not answer; try again
├── Refused               a server does not take us, or may not be reached; somebody must change something first
├── LeaseLost             somebody else holds the shard now; stop without writing
├── EngineDied            the engine process ended or stopped answering
├── DamagedArtifact       bytes on disk do not match the manifest
└── DiskFull              not enough room for a checkpoint, or for what is being worked on

Messages say what was wrong, with the value, and what to do. HTTP statuses live in `api/errors.py`.
"""

from collections.abc import Sequence


class BurnishError(Exception):
    """Root of the tree."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(BurnishError):
    """What was asked cannot be done as asked; `param` is the dotted path of the field."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class UnknownName(BadInput):
    """A name that stands for nothing here; the message lists what does exist."""

    def __init__(self, noun: str, name: str, known: Sequence[str], *, param: str | None = None) -> None:
        listed = ", ".join(known[:20]) or "none yet"
        super().__init__(f"There is no {noun} named {name!r}. Known: {listed}.", param=param)


class ForbiddenModel(BadInput):
    """A model folder that is refused before anything in it is loaded."""


class MissingColumn(BadInput):
    """A method needs a column that the dataset does not have."""


class Unanswered(BadInput):
    """A model cannot answer this conversation, and will not when it is asked again; `reason` says why in one word."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotFound(BurnishError):
    """No such object in this project."""

    def __init__(self, noun: str, id: str) -> None:
        super().__init__(f"There is no {noun} {id!r} in this project.")
        self.noun = noun
        self.id = id


class Conflict(BurnishError):
    """The object's state does not allow what was asked; `param` is the field that names it, if one does."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class Unauthenticated(BurnishError):
    """No key, or one that opens nothing."""


class Forbidden(BurnishError):
    """The key lacks the scope."""


class IdempotencyMismatch(BurnishError):
    """The Idempotency-Key was used before with another body."""


class IdempotencyInFlight(BurnishError):
    """The first request with this Idempotency-Key has not ended."""


class TooMany(BurnishError):
    """As many of these are open as may be at once."""


class Unavailable(BurnishError):
    """A server we need does not answer now."""


class Refused(BurnishError):
    """A server does not take us as we are, or is one that we may not speak to: trying again changes nothing."""


class LeaseLost(BurnishError):
    """The shard belongs to somebody else, or was cancelled: stop, write nothing."""


class EngineDied(BurnishError):
    """The engine process ended, or stopped answering."""


class DamagedArtifact(BurnishError):
    """Bytes on disk do not match their manifest."""


class DiskFull(BurnishError):
    """Not enough free space for a checkpoint, or for what is being worked on.

    `needed`: bytes that have to be free before it is worth another try; 0 where that is known otherwise.
    """

    def __init__(self, message: str, *, needed: int = 0) -> None:
        super().__init__(message)
        self.needed = needed
