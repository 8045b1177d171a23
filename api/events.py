"""`GET .../events`: a list, or a live stream when the caller accepts text/event-stream."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.deps import ListPage, Paging, Reader
from api.schemas.event import EventObject, event_number, show_event
from api.schemas.page import Page, page_of
from api.streams import AT_ONCE, Follow, Look, Streams, frames
from core.database import transaction
from core.errors import BadInput
from core.queries import events

STREAM = "text/event-stream"
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Page[EventObject],
        "description": "A list, newest first; with `Accept: text/event-stream` every event so far, then live ones.",
        "content": {STREAM: {"schema": {"type": "string"}, "example": "id: evt_7\nevent: message\ndata: {...}\n\n"}},
    }
}


class Ended(BaseModel):
    """The data of the end event."""

    status: str
    error: str | None


@dataclass(frozen=True)
class Timeline:
    """Whose events belong together, and how their subject ended, if it has."""

    subjects: tuple[str, ...]
    ended: Ended | None


Find = Callable[[Session], Timeline]


@dataclass(frozen=True)
class EventsRequest:
    """Everything a route of events is asked with."""

    project_id: str
    paging: Paging
    streams: Streams
    live: bool
    since: int


def events_request(
    request: Request,
    caller: Reader,
    paging: ListPage,
    accept: Annotated[str, Header(description=f"{STREAM} for a live stream")] = "application/json",
    last_event_id: Annotated[str | None, Header(description="a stream goes on behind this event")] = None,
) -> EventsRequest:
    """A list or a stream, from where on, for whom."""
    return EventsRequest(
        project_id=caller.project_id,
        paging=paging,
        streams=request.app.state.streams,
        live=STREAM in accept.lower(),
        since=event_number(last_event_id) or 0,
    )


AskedEvents = Annotated[EventsRequest, Depends(events_request)]


async def answer_events(asked: EventsRequest, find: Find) -> Response:
    """The answer. Raises what `find` raises, BadInput for an `after` that is no event, TooMany."""
    if not asked.live:
        page = await asyncio.to_thread(_page, asked, find)
        return Response(page.model_dump_json(), media_type="application/json")
    asked.streams.check()
    await asyncio.to_thread(_once, find)
    follow = Follow(lambda number: _look(asked.project_id, find, number), asked.since)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(frames(follow, asked.streams), media_type=STREAM, headers=headers)


def _once(find: Find) -> Timeline:
    with transaction() as session:
        return find(session)


def _page(asked: EventsRequest, find: Find) -> Page[EventObject]:
    before = event_number(asked.paging.after)
    if asked.paging.after is not None and before is None:
        raise BadInput(f"{asked.paging.after!r} is no event id; send the last_id of a page.", param="after")
    with transaction() as session:
        subjects = find(session).subjects
        rows = events.page(session, asked.project_id, subjects, before=before, limit=asked.paging.limit + 1)
        return page_of(rows, asked.paging, show_event)


def _look(project_id: str, find: Find, number: int) -> Look:
    """The state is read before the events, so that an ended subject's last events are among them."""
    with transaction() as session:
        timeline = find(session)
        rows = events.after(session, project_id, timeline.subjects, after=number, limit=AT_ONCE)
        return Look([show_event(row) for row in rows], timeline.ended)
