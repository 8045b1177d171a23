"""Signing in with an API key, and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.auth import Scope, authenticate, check_scope
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.render import page
from api.dashboard.route import LOGIN, PageRoute
from api.dashboard.visitor import check_same_origin, forget, remember
from api.deps import PUBLIC
from core.errors import Forbidden, Unauthenticated

router = APIRouter(prefix="/dashboard", route_class=PageRoute, dependencies=[PUBLIC])


@router.get("/login")
def show_login(next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """The form."""
    return page("login.html", None, next=inside(next), message=None)


@router.post("/login")
def log_in(request: Request, fields: Annotated[Fields, Depends(sent_fields)]) -> Response:
    """Check the key and keep it in the cookie; a wrong one shows the form again."""
    check_same_origin(request)
    back, key = inside(fields.get("next", "/")), fields.get("key", "").strip()
    try:
        check_scope(authenticate(key), Scope.read)
    except (Unauthenticated, Forbidden) as error:
        return page("login.html", None, status=401, next=back, message=error.message)
    response = RedirectResponse(back, 303)
    remember(response, key, secure=request.scope["scheme"] == "https")
    return response


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Forget the key."""
    check_same_origin(request)
    response = RedirectResponse(LOGIN, 303)
    forget(response)
    return response


def inside(path: str) -> str:
    """The path when it leads to a page of the dashboard, else the overview."""
    return path if path.startswith("/dashboard/") and "\\" not in path and path.isprintable() else "/"
