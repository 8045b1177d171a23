"""The form that makes a dataset of an uploaded file of pairs; it asks exactly as POST /datasets/import does."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.auth import Caller
from api.dashboard import scorer_rows
from api.dashboard.answers import answer
from api.dashboard.asked import filter_questions
from api.dashboard.behavior_cards import behavior_cards
from api.dashboard.curl import Commands, Curl
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.models import model_choices
from api.dashboard.once import once
from api.dashboard.refusal import NOTHING, Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.sources import file_options
from api.dashboard.visitor import Actor
from api.routes.datasets import import_pairs
from core.configs.imported import ImportConfig
from core.errors import BadInput
from core.ids import new_id

router = APIRouter(prefix="/dashboard/datasets/import", route_class=PageRoute)

REWARD = "reward"
GIVEN = "given"
Sent = Annotated[Fields, Depends(sent_fields)]


@router.get("")
def show_import(caller: Actor, curl: Curl, file: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Empty, or with a file chosen."""
    return _form(caller, curl, Fields((("file", file),) if file else ()))


@router.post("")
def start_import(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """Start it and show the dataset, which tells its progress; what is wrong is told beside its field."""
    body = body_of(fields)
    try:
        started = import_pairs(ImportConfig.model_validate(body), once(caller, "import", fields.get("once"), body))
    except (ValidationError, BadInput) as error:
        said = refusal(error, body)
        return _form(caller, curl, fields, replace(said, param=_field_of(said.param, fields)))
    return RedirectResponse(f"/dashboard{started.headers['location']}", 303)


@router.post("/change")
def change_import(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """The form with another row of a scorer, or without one; or with its command."""
    return _form(caller, curl, scorer_rows.changed(fields, REWARD))


def body_of(fields: Fields) -> dict[str, Any]:
    """The request."""
    body: dict[str, Any] = {"file": fields.get("file").strip()} if fields.get("file").strip() else {}
    if fields.get("behavior"):
        body["behavior"] = fields.get("behavior")
    reward = scorer_rows.scorers_of(fields, REWARD, GIVEN)
    if reward is not None:
        body["reward"] = reward
    answer(body, fields, filter_questions("filters"))
    return body


def _field_of(param: str, fields: Fields) -> str:
    return scorer_rows.field_of(param, fields, REWARD) if param.partition(".")[0] == REWARD else param


def _form(caller: Caller, curl: Commands, fields: Fields, said: Refusal = NOTHING) -> Response:
    return page(
        "import.html",
        caller,
        status=said.status,
        fields=fields,
        said=said,
        files=file_options(caller, "pairs", fields.get("file")),
        behaviors=behavior_cards(caller),
        rows=scorer_rows.rows_of(fields, REWARD, GIVEN),
        filters=filter_questions("filters"),
        once=new_id("form"),
        live=False,
        command=curl.post("/datasets/import", body_of(fields)),
        **model_choices(caller),
    )
