"""Behaviors: listed, read, and added in the same form as the files in `behaviors/`."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from sqlalchemy.orm import Session

from api import examples
from api.deps import ListPage, Reader, WritePost
from api.once import Answer, answer_once
from api.schemas.behavior import BehaviorObject, BehaviorSummary, show_behavior, show_summary
from api.schemas.page import Page, page_of
from core.configs.behavior import BehaviorSpec
from core.configs.rules import RULES
from core.database import transaction
from core.errors import NotFound, UnknownName
from core.queries import behaviors

router = APIRouter(prefix="/behaviors", tags=["behaviors"])


@router.post(
    "",
    status_code=201,
    response_model=BehaviorSummary,
    responses={200: {"model": BehaviorSummary, "description": "The newest version has this text already."}},
    summary="Add a behavior, or its next version",
)
def create_behavior(
    body: Annotated[BehaviorSpec, Body(openapi_examples=examples.BEHAVIOR)], post: WritePost
) -> Response:
    """The same text as the newest version changes nothing and answers 200."""

    if body.rule is not None and body.rule not in RULES:
        raise UnknownName("rule", body.rule, RULES, param="rule")

    def work(session: Session) -> Answer:
        before = behaviors.get(session, post.caller.project_id, body.name)
        row = behaviors.store(session, post.caller.project_id, body)
        status = 200 if before is not None and before.id == row.id else 201
        return Answer(status, show_summary(row), f"/behaviors/{row.name}?version={row.version}")

    return answer_once(post, work)


@router.get("", summary="List behaviors")
def list_behaviors(caller: Reader, paging: ListPage) -> Page[BehaviorSummary]:
    """The newest version of each, without its prompts."""
    with transaction() as session:
        rows = behaviors.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_summary)


@router.get("/{name}", summary="Read a behavior")
def read_behavior(
    name: str, caller: Reader, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> BehaviorObject:
    """The newest version, or the one asked for, whole."""
    with transaction() as session:
        row = behaviors.get(session, caller.project_id, name, version=version)
        if row is None:
            raise NotFound("behavior", name if version is None else f"{name} version {version}")
        return show_behavior(row)
