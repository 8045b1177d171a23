"""Errors of pages are pages: the sign-in form for a visitor without a key, words for everything else."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from api.auth import Caller
from api.dashboard.render import page
from api.dashboard.visitor import COOKIE
from api.errors import STATUSES
from api.validation import explain
from core.errors import BurnishError, Unauthenticated

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
LOGIN = "/dashboard/login"


class PageRoute(APIRoute):
    """A route whose errors are shown to people. A class because that is the framework's seam for it."""

    def get_route_handler(self) -> Handler:
        """The route's own handler, and what answers when it raises."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except Unauthenticated:
                return sign_in(request)
            except BurnishError as error:
                status = next(STATUSES[kind].number for kind in type(error).__mro__ if kind in STATUSES)
                return problem(status, error.message)
            except RequestValidationError as error:
                return problem(422, explain(error.errors(), error.body)[0])

        return handler


def sign_in(request: Request) -> Response:
    """To the sign-in page and, for a page that was only looked at, back."""
    back = request.scope["path"] if request.method == "GET" else "/"
    response = RedirectResponse(f"{LOGIN}?next={quote(back)}", 303)
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def problem(status: int, message: str, caller: Caller | None = None) -> Response:
    """A page that says what was wrong."""
    return page("error.html", caller, status=status, code=status, message=message)
