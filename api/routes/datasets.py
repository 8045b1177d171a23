"""Datasets: asked for, followed, stopped and resumed."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.orm import Session

from api import examples
from api.checks.dataset import check_dataset
from api.checks.imported import check_import
from api.checks.preview import shortened
from api.deps import ListPage, Reader, WritePost
from api.events import RESPONSES, AskedEvents, Ended, Timeline, answer_events
from api.moved import answer_moved
from api.once import Answer, answer_once
from api.schemas.dataset import DatasetObject, show_dataset
from api.schemas.page import Page, page_of
from core.configs.dataset import DatasetConfig
from core.configs.filters import FilterConfig
from core.configs.imported import ImportConfig
from core.database import transaction
from core.queries import datasets, imports, scorers
from core.queries.progress import progress_of
from core.states import ENDED
from core.tables import Dataset

router = APIRouter(prefix="/datasets", tags=["datasets"])


@router.post("", status_code=202, response_model=DatasetObject, summary="Make a dataset")
def create_dataset(
    body: Annotated[DatasetConfig, Body(openapi_examples=examples.DATASET)], post: WritePost
) -> Response:
    """Draft, critique, revision and scores for each prompt; every field but `behavior` has a default."""

    def work(session: Session) -> Answer:
        checked = check_dataset(session, post.caller.project_id, body)
        row = datasets.create(
            session, project_id=post.caller.project_id, config=checked.config, behaviors=checked.behaviors
        )
        return Answer(202, shown(session, row), f"/datasets/{row.id}")

    return answer_once(post, work)


@router.post("/preview", status_code=202, response_model=DatasetObject, summary="Preview a dataset")
def preview_dataset(
    body: Annotated[DatasetConfig, Body(openapi_examples=examples.DATASET)], post: WritePost
) -> Response:
    """Five real pairs before five thousand: a dataset of five prompts that goes before everything else.

    It is in no list, and forgotten after a day; the turns it asked the teacher for are kept for the dataset itself.
    """

    def work(session: Session) -> Answer:
        checked = check_dataset(session, post.caller.project_id, body)
        row = datasets.create(
            session,
            project_id=post.caller.project_id,
            config=shortened(checked.config, checked.behaviors),
            behaviors=checked.behaviors,
            purpose="preview",
        )
        return Answer(202, shown(session, row), f"/datasets/{row.id}")

    return answer_once(post, work)


@router.post("/import", status_code=202, response_model=DatasetObject, summary="Import pairs")
def import_pairs(body: Annotated[ImportConfig, Body(openapi_examples=examples.IMPORT)], post: WritePost) -> Response:
    """From an uploaded file; scored by its own scores or anew, then filtered."""

    def work(session: Session) -> Answer:
        checked = check_import(session, post.caller.project_id, body)
        row = imports.create(
            session,
            project_id=post.caller.project_id,
            config=checked.dataset.config,
            behaviors=checked.dataset.behaviors,
            pairs=checked.pairs,
        )
        return Answer(202, shown(session, row), f"/datasets/{row.id}")

    return answer_once(post, work)


@router.get("", summary="List datasets")
def list_datasets(caller: Reader, paging: ListPage) -> Page[DatasetObject]:
    """Newest first."""
    with transaction() as session:
        rows = datasets.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        counted = progress_of(session, [row.id for row in rows])
        return page_of(rows, paging, lambda row: show_dataset(row, counted[row.id]))


@router.get("/{id}", summary="Read a dataset")
def read_dataset(id: str, caller: Reader) -> DatasetObject:
    """Status, counts of each stage, pairs by verdict, time remaining."""
    with transaction() as session:
        return shown(session, datasets.get(session, caller.project_id, id))


@router.post("/{id}/cancel", response_model=DatasetObject, summary="Cancel a dataset")
def cancel_dataset(id: str, post: WritePost) -> Response:
    """What is finished is kept and can be exported."""
    return answer_moved(post, id, datasets.cancel, shown)


@router.post("/{id}/pause", response_model=DatasetObject, summary="Pause a dataset")
def pause_dataset(id: str, post: WritePost) -> Response:
    """Nothing more is made until it is resumed."""
    return answer_moved(post, id, datasets.pause, shown)


@router.post("/{id}/resume", status_code=202, response_model=DatasetObject, summary="Resume a dataset")
def resume_dataset(id: str, post: WritePost) -> Response:
    """Goes on with a paused, cancelled or failed dataset; finished chains are not made again."""
    return answer_moved(post, id, datasets.resume, shown, at=f"/datasets/{id}")


@router.get("/{id}/events", responses=RESPONSES, summary="Events of a dataset: a list or a live stream")
async def dataset_events(id: str, asked: AskedEvents) -> Response:
    """With `Accept: text/event-stream`: every event so far, then live ones, then an end event."""

    def find(session: Session) -> Timeline:
        row = datasets.get(session, asked.project_id, id)
        return Timeline((id,), Ended(status=row.state, error=row.error) if row.state in ENDED else None)

    return await answer_events(asked, find)


def shown(session: Session, row: Dataset) -> DatasetObject:
    """A dataset with everything its own page shows."""
    counted = datasets.progress(session, row.id)
    return show_dataset(row, counted, datasets.pair_counts(session, row), scorers.of_dataset(session, row.id))


@router.post("/{id}/filters", status_code=202, response_model=DatasetObject, summary="Run other filters")
def filter_dataset(
    id: str, body: Annotated[FilterConfig, Body(openapi_examples=examples.FILTERS)], post: WritePost
) -> Response:
    """On a completed or cancelled dataset, without generating again; what a person decided about a pair stays."""

    def work(session: Session) -> Answer:
        row = datasets.filter_again(session, post.caller.project_id, id, body)
        return Answer(202, shown(session, row), f"/datasets/{id}")

    return answer_once(post, work)
