"""Runs: asked for, followed, stopped and resumed."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from sqlalchemy.orm import Session

from api import artifacts, examples, sweeps
from api.checks.run import check_run
from api.deps import ListPage, Reader, WritePost
from api.events import RESPONSES, AskedEvents, Ended, Timeline, answer_events
from api.moved import answer_moved
from api.once import Answer, answer_once
from api.schemas.counts import Counts
from api.schemas.page import Page, page_of
from api.schemas.run import RunDetails, RunObject, show_run
from api.schemas.sweep import SweepObject
from core.configs.sweep import RunRequest
from core.database import transaction
from core.errors import DamagedArtifact
from core.queries import gauges, run_metrics, runs
from core.states import ENDED, Stage
from core.tables import Run

router = APIRouter(prefix="/runs", tags=["runs"])

DryRun = Annotated[bool, Query(description="look and tell what it would take; nothing is trained")]


@router.post("", status_code=202, response_model=RunObject | SweepObject, summary="Train a student")
def create_run(
    body: Annotated[RunRequest, Body(openapi_examples=examples.RUN)], post: WritePost, dry_run: DryRun = False
) -> Response:
    """On a completed dataset; the base model's evaluation begins at once. A dry run only looks, before all that waits:
    its `preflight` tells tokens, pairs left out, steps, memory, time and warnings. With a `grid` the answer is a sweep:
    a run for each combination of the grid's values, all of them or, where one is refused, none.
    """
    asked = body.model_copy(update={"dry_run": dry_run or body.dry_run})

    def work(session: Session) -> Answer:
        if asked.grid is not None:
            sweep = sweeps.make(session, post.caller.project_id, asked)
            return Answer(202, sweeps.shown(session, sweep), f"/sweeps/{sweep.id}")
        checked = check_run(session, post.caller.project_id, asked.config)
        row = runs.create(session, project_id=post.caller.project_id, config=checked.config, dataset=checked.dataset)
        return Answer(202, shown(session, row), f"/runs/{row.id}")

    return answer_once(post, work)


@router.get("", summary="List runs")
def list_runs(caller: Reader, paging: ListPage) -> Page[RunObject]:
    """Newest first."""
    with transaction() as session:
        rows = runs.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_run)


@router.get("/{id}", summary="Read a run")
def read_run(id: str, caller: Reader) -> RunObject:
    """Status, step, time remaining, newest metrics, place in the queue, names of the artifacts."""
    with transaction() as session:
        return shown(session, runs.get(session, caller.project_id, id))


@router.post("/{id}/cancel", response_model=RunObject, summary="Cancel a run")
def cancel_run(id: str, post: WritePost) -> Response:
    """Its checkpoints are kept."""
    return answer_moved(post, id, runs.cancel, shown)


@router.post("/{id}/pause", status_code=202, response_model=RunObject, summary="Pause a run")
def pause_run(id: str, post: WritePost) -> Response:
    """The trainer writes a checkpoint and ends; `pause_asked` is true until then."""
    return answer_moved(post, id, runs.pause, shown, at=f"/runs/{id}")


@router.post("/{id}/resume", status_code=202, response_model=RunObject, summary="Resume a run")
def resume_run(id: str, post: WritePost) -> Response:
    """Goes on at the exact step of the newest checkpoint."""
    return answer_moved(post, id, runs.resume, shown, at=f"/runs/{id}")


@router.get("/{id}/events", responses=RESPONSES, summary="Events of a run: a list or a live stream")
async def run_events(id: str, asked: AskedEvents) -> Response:
    """With `Accept: text/event-stream`: every event so far, then live ones, then an end event."""

    def find(session: Session) -> Timeline:
        row = runs.get(session, asked.project_id, id)
        return Timeline((id,), Ended(status=row.state, error=row.error) if row.state in ENDED else None)

    return await answer_events(asked, find)


def shown(session: Session, row: Run) -> RunObject:
    """A run with everything its own page shows."""
    newest = run_metrics.newest(session, row.id)
    folder = artifacts.folder_of(row)
    stages = {str(stage): counts for stage, counts in gauges.of_run(session, row.id).items() if stage != Stage.train}
    details = RunDetails(
        stages={stage: Counts.model_validate(counts) for stage, counts in stages.items()},
        queue_position=runs.queue_position(session, row),
        metrics=newest.values if newest else None,
        artifacts=_names(row) if folder else None,
        model=str(folder) if folder else None,
        preflight=row.facts.get(runs.PREFLIGHT),
    )
    return show_run(row, details)


def _names(row: Run) -> list[str] | None:
    """A damaged folder is told where its files are asked for; the run can be read all the same."""
    try:
        return [file.name for file in artifacts.files(row)]
    except DamagedArtifact:
        return None
