"""What routes ask for: the caller with a declared scope, a page of a list, a POST that counts once."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.auth import Caller, Scope, authenticate, check_scope

bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer bk_...`, made by `burnish keys create`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


@dataclass(frozen=True)
class Requires:
    """A dependency that declares a route's scope and holds it; a test walks the routes for it."""

    scope: Scope

    def __call__(self, credentials: Credentials) -> Caller:
        """The caller. Raises Unauthenticated or Forbidden."""
        caller = authenticate(credentials.credentials if credentials else None)
        check_scope(caller, self.scope)
        return caller


@dataclass(frozen=True)
class Open:
    """A dependency that declares that a route needs no key."""

    scope: Scope = Scope.public

    def __call__(self) -> None:
        """Lets everybody in."""


PUBLIC = Depends(Open())
Reader = Annotated[Caller, Depends(Requires(Scope.read))]
Writer = Annotated[Caller, Depends(Requires(Scope.write))]
Admin = Annotated[Caller, Depends(Requires(Scope.admin))]


@dataclass(frozen=True)
class Paging:
    """Where a list goes on, and how long it may be."""

    after: str | None
    limit: int


def paging(
    after: Annotated[
        str | None,
        Query(
            pattern=r"^[A-Za-z0-9_.:-]{1,200}$", description="`last_id` of the page before; the list goes on behind it"
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="most objects in one answer")] = 20,
) -> Paging:
    """Keyset paging, newest first."""
    return Paging(after, limit)


ListPage = Annotated[Paging, Depends(paging)]

IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="any text of your own: the same key and body get the first answer again, for 24 hours",
    ),
]


@dataclass(frozen=True)
class Post:
    """What makes two POSTs the same one: the key of the sender's choice, and a hash of everything it asked.

    `sealed`: the answer holds a secret, so it is kept encrypted under the sender's own key.
    """

    caller: Caller
    key: str | None
    request_hash: bytes
    sealed: bool


def posts(scope: Scope, *, sealed: bool = False, streamed: bool = False) -> Any:
    """A dependency that declares a POST route's scope and reads its Idempotency-Key.

    `streamed`: the body is too large to be held; the route adds to the hash what it has read.
    """
    requires = Requires(scope)

    async def post(
        request: Request, caller: Annotated[Caller, Depends(requires)], key: IdempotencyKeyHeader = None
    ) -> Post:
        asked = f"POST\n{request.scope['path']}\n{request.scope['query_string'].decode('latin-1')}\n"
        asked += f"{caller.key_id}\n" if sealed else "\n"
        body = b"" if streamed else await request.body()
        return Post(caller, key, hashlib.sha256(asked.encode() + body).digest(), sealed)

    return Depends(post)


WritePost = Annotated[Post, posts(Scope.write)]
StreamedPost = Annotated[Post, posts(Scope.write, streamed=True)]
AdminPost = Annotated[Post, posts(Scope.admin)]
SealedAdminPost = Annotated[Post, posts(Scope.admin, sealed=True)]
