"""Pushes of a dataset to the Hugging Face hub."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.orm import Session

from api import examples
from api.checks.push import check_push
from api.deps import ListPage, Reader, WritePost
from api.once import Answer, answer_once
from api.schemas.page import Page, page_of
from api.schemas.push import PushObject, show_push
from core.configs.push import PushConfig
from core.database import transaction
from core.queries import datasets, pushes

router = APIRouter(prefix="/datasets/{id}", tags=["datasets"])


@router.post("/push", status_code=202, response_model=PushObject, summary="Push a dataset to the hub")
def push_dataset(
    id: str, body: Annotated[PushConfig, Body(openapi_examples=examples.PUSH)], post: WritePost
) -> Response:
    """The kept pairs by split, with their card as README.md; what an earlier push sent is replaced."""

    def work(session: Session) -> Answer:
        dataset = check_push(session, post.caller.project_id, id, body)
        return Answer(202, show_push(pushes.create(session, dataset, body)), f"/datasets/{id}/pushes")

    return answer_once(post, work)


@router.get("/pushes", summary="Pushes of a dataset")
def list_pushes(id: str, caller: Reader, paging: ListPage) -> Page[PushObject]:
    """Newest first."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
        rows = pushes.page(session, id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_push)
