"""Distillations: dataset, training and evaluation in one request, with one timeline."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from sqlalchemy.orm import Session

from api import examples
from api.checks.run import check_distillation
from api.deps import ListPage, Reader, WritePost
from api.events import RESPONSES, AskedEvents, Ended, Timeline, answer_events
from api.once import Answer, answer_once
from api.routes import datasets as dataset_routes
from api.routes import runs as run_routes
from api.schemas.distillation import DistillationObject, show_distillation
from api.schemas.page import Page, page_of
from core.configs.distillation import DistillationConfig
from core.database import transaction
from core.errors import BadInput
from core.queries import datasets, distillations, runs
from core.states import ENDED
from core.tables import Distillation

router = APIRouter(prefix="/distillations", tags=["distillations"])


@router.post("", status_code=202, response_model=DistillationObject, summary="Distill a behavior into a student")
def create_distillation(
    body: Annotated[DistillationConfig, Body(openapi_examples=examples.DISTILLATION)],
    post: WritePost,
    dry_run: Annotated[bool, Query(description="refused: there are no pairs to look at yet")] = False,
) -> Response:
    """The dataset starts now, the run when it has completed, the evaluation when the run has."""
    if dry_run:
        raise BadInput(
            "A distillation has no pairs to look at before it has begun. POST /estimates tells what its dataset takes, "
            "POST /datasets/preview makes five pairs of it, and POST /runs?dry_run=true looks at a completed dataset.",
            param="dry_run",
        )

    def work(session: Session) -> Answer:
        config, dataset = check_distillation(session, post.caller.project_id, body)
        row = distillations.create(
            session, project_id=post.caller.project_id, config=config, behaviors=dataset.behaviors
        )
        return Answer(202, shown(session, row), f"/distillations/{row.id}")

    return answer_once(post, work)


@router.get("", summary="List distillations")
def list_distillations(caller: Reader, paging: ListPage) -> Page[DistillationObject]:
    """Newest first."""
    with transaction() as session:
        rows = distillations.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_distillation)


@router.get("/{id}", summary="Read a distillation")
def read_distillation(id: str, caller: Reader) -> DistillationObject:
    """Its stage, with its dataset and its run whole."""
    with transaction() as session:
        return shown(session, distillations.get(session, caller.project_id, id))


@router.post("/{id}/cancel", response_model=DistillationObject, summary="Cancel a distillation")
def cancel_distillation(id: str, post: WritePost) -> Response:
    """Stops whichever part is under way; what is finished is kept."""

    def work(session: Session) -> Answer:
        return Answer(200, shown(session, distillations.cancel(session, post.caller.project_id, id)))

    return answer_once(post, work)


@router.get("/{id}/events", responses=RESPONSES, summary="One timeline of dataset, run and distillation")
async def distillation_events(id: str, asked: AskedEvents) -> Response:
    """With `Accept: text/event-stream`: every event so far, then live ones, then an end event."""

    def find(session: Session) -> Timeline:
        row = distillations.get(session, asked.project_id, id)
        subjects = tuple(filter(None, (row.id, row.dataset_id, row.run_id)))
        return Timeline(subjects, Ended(status=row.state, error=row.error) if row.state in ENDED else None)

    return await answer_events(asked, find)


def shown(session: Session, row: Distillation) -> DistillationObject:
    """A distillation with its dataset and run."""
    dataset = dataset_routes.shown(session, datasets.get(session, row.project_id, row.dataset_id))
    run = run_routes.shown(session, runs.get(session, row.project_id, row.run_id)) if row.run_id else None
    return show_distillation(row, dataset, run)
