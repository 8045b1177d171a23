"""Who knocks: from the text of a key to a caller, and which scopes open what."""

import hmac
from dataclasses import dataclass
from enum import StrEnum

from api.secret import parse
from core.database import transaction
from core.errors import Forbidden, Unauthenticated
from core.queries import api_keys


class Scope(StrEnum):
    """What a route asks for; each scope includes the ones before it."""

    public = "public"  # no key
    read = "read"  # look at everything of the project
    write = "write"  # start, stop and change work
    admin = "admin"  # make and revoke keys


ORDER = tuple(Scope)


@dataclass(frozen=True)
class Caller:
    """A key that was accepted. `bearer` is its text: it lives as long as the request."""

    key_id: str
    project_id: str
    scopes: frozenset[str]
    bearer: str

    def may(self, scope: Scope) -> bool:
        """Whether one of the caller's scopes includes `scope`."""
        return any(ORDER.index(Scope(own)) >= ORDER.index(scope) for own in self.scopes)


def authenticate(text: str | None) -> Caller:
    """The caller of a key.

    Raises Unauthenticated: unknown, revoked and expired keys are not told apart.
    """
    parsed = parse(text) if text else None
    if text is None or parsed is None:
        raise Unauthenticated("Send a key as `Authorization: Bearer bk_...`; `burnish keys create` makes one.")
    with transaction() as session:
        row = api_keys.usable(session, parsed.id)
    known = row.hash if row is not None else bytes(32)
    if not hmac.compare_digest(known, parsed.hash) or row is None:
        raise Unauthenticated("This key is unknown, revoked or expired; `burnish keys create` makes a new one.")
    return Caller(row.id, row.project_id, frozenset(row.scopes), text)


def check_scope(caller: Caller, scope: Scope) -> None:
    """Raises Forbidden when the caller's key lacks the scope."""
    if not caller.may(scope):
        raise Forbidden(f"This key has the scopes {sorted(caller.scopes)}; this needs {str(scope)!r}.")
