"""Sweeps: runs that were asked for with a grid, followed, stopped and resumed together."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api.deps import ListPage, Reader, WritePost
from api.events import RESPONSES, AskedEvents, Ended, Timeline, answer_events
from api.moved import answer_moved
from api.schemas.page import Page, page_of
from api.schemas.sweep import SweepObject, show_sweep
from api.summaries import Order
from api.sweeps import shown
from core.database import transaction
from core.queries import sweeps
from core.states import ENDED

router = APIRouter(prefix="/sweeps", tags=["sweeps"])

Ordered = Annotated[Order, Query(description="column of the table, the best run first; place: as they were asked for")]


@router.get("", summary="List sweeps")
def list_sweeps(caller: Reader, paging: ListPage) -> Page[SweepObject]:
    """Newest first. POST /runs with a `grid` makes one."""
    with transaction() as session:
        rows = sweeps.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        runs = sweeps.runs_of(session, [row.id for row in rows])
        return page_of(rows, paging, lambda row: show_sweep(row, runs[row.id]))


@router.get("/{id}", summary="Read a sweep")
def read_sweep(id: str, caller: Reader, order: Ordered = "place") -> SweepObject:
    """Its runs as a table: swept values, status, validation, before and after with intervals, tokens, time."""
    with transaction() as session:
        return shown(session, sweeps.get(session, caller.project_id, id), order)


@router.post("/{id}/cancel", response_model=SweepObject, summary="Cancel a sweep")
def cancel_sweep(id: str, post: WritePost) -> Response:
    """Every run that has not ended is cancelled; the others stay as they are."""
    return answer_moved(post, id, sweeps.cancel, shown)


@router.post("/{id}/pause", status_code=202, response_model=SweepObject, summary="Pause a sweep")
def pause_sweep(id: str, post: WritePost) -> Response:
    """Runs that wait are paused at once, the one that trains when it has written a checkpoint."""
    return answer_moved(post, id, sweeps.pause, shown, at=f"/sweeps/{id}")


@router.post("/{id}/resume", status_code=202, response_model=SweepObject, summary="Resume a sweep")
def resume_sweep(id: str, post: WritePost) -> Response:
    """Every run that is paused, cancelled or failed goes on from its newest checkpoint."""
    return answer_moved(post, id, sweeps.resume, shown, at=f"/sweeps/{id}")


@router.get("/{id}/events", responses=RESPONSES, summary="One timeline of a sweep and its runs")
async def sweep_events(id: str, asked: AskedEvents) -> Response:
    """With `Accept: text/event-stream`: every event so far, then live ones, then an end event."""

    def find(session: Session) -> Timeline:
        row = sweeps.get(session, asked.project_id, id)
        runs = sweeps.runs_of(session, [id])[id]
        status = show_sweep(row, runs).status
        error = next((run.error for run in runs if run.error), None)
        subjects = (id, *(run.id for run in runs))
        return Timeline(subjects, Ended(status=status, error=error) if status in ENDED else None)

    return await answer_events(asked, find)
