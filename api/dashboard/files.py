"""The page of uploaded files, and where forms upload one."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.auth import Caller
from api.dashboard.curl import Commands, Curl
from api.dashboard.listing import listing
from api.dashboard.refusal import Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Actor, Looker
from api.deps import ListPage, Paging, Post
from api.routes.files import delete_file, list_files, upload_file
from core.errors import BurnishError, Conflict

router = APIRouter(prefix="/dashboard/files", route_class=PageRoute)

FIRST = Paging(None, 20)
REST_SECONDS = 20.0  # longest wait for the rest of a refused file


@router.get("")
def show_files(caller: Looker, curl: Curl, paging: ListPage, made: str = "") -> Response:
    """Newest first, the one that was just uploaded marked."""
    return _page(caller, curl, paging, made=made)


@router.post("")
async def keep_file(request: Request, caller: Actor, curl: Curl) -> Response:
    """Take it in as POST /files does, and show it in the list; what is wrong is told by line and field."""
    try:
        answer = await upload_file(request, Post(caller, None, b"", sealed=False))
    except (BurnishError, HTTPException) as error:
        await _take_rest(request)
        return await asyncio.to_thread(_page, caller, curl, FIRST, said=_refusal(error))
    id = answer.headers["location"].rpartition("/")[2]
    return RedirectResponse(f"/dashboard/files?made={id}#{id}", 303)


@router.post("/{id}/delete")
def delete(id: str, caller: Actor, curl: Curl) -> Response:
    """Delete it, and back to the list; refused while a dataset needs it."""
    try:
        delete_file(id, caller)
    except Conflict as error:
        return _page(caller, curl, FIRST, said=refusal(error, {}))
    return RedirectResponse("/dashboard/files", 303)


async def _take_rest(request: Request) -> None:
    """A browser reads no answer before it has sent its file, so a refusal waits for the rest, though not for ever."""
    with suppress(TimeoutError, HTTPException, ClientDisconnect, RuntimeError):  # RuntimeError: it has ended already
        async with asyncio.timeout(REST_SECONDS):
            async for _ in request.stream():
                pass


def _refusal(error: BurnishError | HTTPException) -> Refusal:
    if isinstance(error, HTTPException):
        return Refusal(error.status_code, str(error.detail), "file")
    return refusal(error, {})


def _page(caller: Caller, curl: Commands, paging: Paging, *, made: str = "", said: Refusal | None = None) -> Response:
    listed = list_files(caller, paging)
    return page(
        "files.html",
        caller,
        status=said.status if said else 200,
        **listing(listed, paging),
        made=made,
        said=said,
        live=False,
        commands={"list": curl.get("/files"), "upload": curl.upload("pairs", "pairs.jsonl")},
    )
