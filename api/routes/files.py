"""Files of prompts and pairs: uploaded as a stream, listed, read by id, deleted."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial

from anyio import CapacityLimiter, from_thread, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.deps import ListPage, Post, Reader, StreamedPost, Writer
from api.once import Answer, answer_once
from api.schemas.file import FORM, FileObject, show_file
from api.schemas.page import Page, page_of
from api.upload import Received, receive
from core import uploads
from core.database import CommitUnknown, transaction
from core.ids import new_id
from core.queries import files

router = APIRouter(prefix="/files", tags=["files"])


@router.post("", status_code=201, response_model=FileObject, openapi_extra=FORM, summary="Upload a file")
async def upload_file(request: Request, post: StreamedPost) -> Response:
    """Prompts or pairs as JSON lines or parquet: streamed to disk, each line checked as it comes.

    Put `purpose` and `format` before `file`, so that a faulty line is refused before the rest is sent.
    """
    slots = request.app.state.uploads
    slots.check()
    with slots.slot():
        limiter = CapacityLimiter(1)  # a slow upload takes no thread from the other routes
        return await to_thread.run_sync(partial(_upload, request, post), limiter=limiter)


@router.get("", summary="List files")
def list_files(caller: Reader, paging: ListPage) -> Page[FileObject]:
    """Newest first."""
    with transaction() as session:
        rows = files.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_file)


@router.get("/{id}", summary="Read about a file")
def read_file(id: str, caller: Reader) -> FileObject:
    """Its purpose, size, rows and hash."""
    with transaction() as session:
        return show_file(files.get(session, caller.project_id, id))


@router.get("/{id}/content", response_class=FileResponse, summary="Download a file")
def read_content(id: str, caller: Reader) -> FileResponse:
    """The bytes that were uploaded."""
    with transaction() as session:
        row = files.get(session, caller.project_id, id)
    suffix = "parquet" if row.format == "parquet" else "jsonl"
    return FileResponse(uploads.path_of(row), media_type="application/octet-stream", filename=f"{id}.{suffix}")


@router.delete("/{id}", summary="Delete a file")
def delete_file(id: str, caller: Writer) -> FileObject:
    """Refused while a dataset in progress needs it."""
    with transaction() as session:
        row = files.remove(session, caller.project_id, id)
    (uploads.folder() / row.id).unlink(missing_ok=True)
    return show_file(row)


def _upload(request: Request, post: Post) -> Response:
    """In a thread of its own: the body is asked for chunk by chunk."""
    received = receive(request.headers.get("content-type", ""), _chunks(request.stream()))
    asked = replace(post, request_hash=post.request_hash + received.request_hash)
    id = new_id("file", joint="-")
    try:
        answer = answer_once(asked, lambda session: _store(session, post.caller.project_id, id, received))
    except CommitUnknown:  # the row may be there; the sweep tells
        raise
    except BaseException:
        (uploads.folder() / id).unlink(missing_ok=True)
        raise
    finally:
        received.drop()
    return answer


def _store(session: Session, project_id: str, id: str, received: Received) -> Answer:
    row = files.store(
        session,
        id=id,
        project_id=project_id,
        purpose=received.fields.purpose,
        format=received.format,
        name=received.name,
        bytes=received.size,
        rows=received.rows,
        sha256=received.sha256,
        path=received.keep(id),
    )
    return Answer(201, show_file(row), f"/files/{id}")


def _chunks(stream: AsyncIterator[bytes]) -> Iterator[bytes]:
    """The body in a thread that may wait for it."""
    while True:
        try:
            chunk = from_thread.run(anext, stream, b"")
        except ClientDisconnect as error:
            raise HTTPException(400, "The connection ended inside the body.") from error
        if not chunk:
            return
        yield chunk
