"""Pushes of a dataset to the hub: the form, the state of those there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.auth import Caller
from api.dashboard.answers import answer
from api.dashboard.curl import Commands, Curl
from api.dashboard.fields import NO_FIELDS, Fields, sent_fields
from api.dashboard.questions import Question, questions
from api.dashboard.refusal import Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Actor
from api.deps import Post
from api.routes.pushes import push_dataset
from core.configs.push import PushConfig
from core.database import transaction
from core.errors import BadInput, Conflict
from core.queries import datasets, pushes
from core.settings import settings
from core.tables import Dataset

router = APIRouter(prefix="/dashboard/datasets", route_class=PageRoute)

SHOWN = 5
EXAMPLE = {"repo": "owner/name"}
OPEN = ("queued", "running")


def push_questions() -> list[Question]:
    """Where to, for whom, in which form, with which token."""
    return questions(PushConfig, "")


def push_values(session: Session, curl: Commands, row: Dataset) -> dict[str, Any]:
    """What the dataset's page shows: the newest pushes, and the form."""
    return {
        "pushes": (found := pushes.page(session, row.id, limit=SHOWN)),
        "pushing": any(one.state in OPEN for one in found),
        **_form_values(curl, row.id, NO_FIELDS),
    }


@router.post("/{id}/push")
def push(id: str, caller: Actor, curl: Curl, fields: Annotated[Fields, Depends(sent_fields)]) -> Response:
    """Queue it and show the dataset, which tells how it goes; what is wrong is told beside its field."""
    body: dict[str, Any] = {}
    answer(body, fields, push_questions())
    try:
        push_dataset(id, PushConfig.model_validate(body), Post(caller, None, b"", sealed=False))
    except (ValidationError, BadInput, Conflict) as error:
        return _form(caller, curl, id, fields, refusal(error, body))
    return RedirectResponse(f"/dashboard/datasets/{id}#push-title", 303)


def _form(caller: Caller, curl: Commands, id: str, fields: Fields, said: Refusal) -> Response:
    with transaction() as session:
        row = datasets.get(session, caller.project_id, id)
    return page(
        "push.html", caller, status=said.status, dataset_id=row.id, live=False, **_form_values(curl, id, fields, said)
    )


def _form_values(curl: Commands, id: str, fields: Fields, said: Refusal | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {}
    answer(body, fields, push_questions())
    return {
        "push_questions": push_questions(),
        "push_fields": fields,
        "push_said": said,
        "push_command": curl.post(f"/datasets/{id}/push", EXAMPLE | body),
        "token": settings().hub_token is not None,
    }
