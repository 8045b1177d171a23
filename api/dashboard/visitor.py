"""Who looks at the dashboard: the API key stands in a cookie that no script can read, and is checked at each request.

The cookie carries the key itself (HttpOnly, SameSite=Strict, a session cookie), so a revoked or expired key ends the
session at once, its scopes hold here as they do in the API, and there is no second secret to keep or to leak.
"""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from api.auth import Caller, Scope, authenticate, check_scope
from core.errors import Forbidden, Unauthenticated

COOKIE = "burnish_session"
SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Visits:
    """A dependency that declares a page's scope and holds it; a test walks the routes for it."""

    scope: Scope

    def __call__(self, request: Request) -> Caller:
        """The caller behind the cookie. Raises Unauthenticated, or Forbidden (also for requests of other sites)."""
        check_same_origin(request)
        key = request.cookies.get(COOKIE)
        if key is None:
            raise Unauthenticated("Sign in with an API key first.")
        caller = authenticate(key)
        check_scope(caller, self.scope)
        return caller


Looker = Annotated[Caller, Depends(Visits(Scope.read))]
Actor = Annotated[Caller, Depends(Visits(Scope.write))]
Keeper = Annotated[Caller, Depends(Visits(Scope.admin))]


def check_same_origin(request: Request) -> None:
    """Raises Forbidden for a change that another site asked for, or that does not say where it comes from."""
    if request.method in SAFE:
        return
    site = request.headers.get("sec-fetch-site")  # browsers send it over encrypted and local connections
    origin = request.headers.get("origin", "")
    if site != "same-origin" if site else urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("This form was sent from another site; open the dashboard itself and try again.")


def remember(response: Response, key: str, *, secure: bool) -> None:
    """Set the cookie; it ends with the browser's session. `secure`: the connection is encrypted."""
    response.set_cookie(COOKIE, key, path="/", httponly=True, samesite="strict", secure=secure)


def forget(response: Response) -> None:
    """Drop the cookie."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
