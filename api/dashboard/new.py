"""The form that starts a distillation; it asks exactly as POST /distillations does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.auth import Caller
from api.dashboard import asked, scorer_rows, sources, strategies
from api.dashboard.behavior_cards import behavior_cards
from api.dashboard.curl import Curl
from api.dashboard.estimates import guess
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.models import model_choices
from api.dashboard.once import once
from api.dashboard.presets import PRESETS, preset
from api.dashboard.questions import method_cards
from api.dashboard.refusal import NOTHING, Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Actor
from api.deps import Post
from api.routes.datasets import create_dataset, preview_dataset
from api.routes.distillations import create_distillation
from core.configs.distillation import DistillationConfig
from core.errors import BadInput, Conflict
from core.ids import new_id

router = APIRouter(prefix="/dashboard/distillations", route_class=PageRoute)

ASKED: dict[str, Callable[[DistillationConfig, Post], Response]] = {
    "distillation": create_distillation,
    "dataset": lambda config, post: create_dataset(config.dataset, post),
    "preview": lambda config, post: preview_dataset(config.dataset, post),
}
Sent = Annotated[Fields, Depends(sent_fields)]


@router.get("/new")
def show_form(
    caller: Actor,
    curl: Curl,
    start: Annotated[str | None, Query(alias="preset")] = None,
    behavior: Annotated[str | None, Query(max_length=100)] = None,
    source: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Empty, filled in by a preset, with a behavior chosen, or with prompts from `file:<id>` or `dataset:<id>`."""
    fields = Fields((("dataset.behavior", behavior),)) if behavior else preset(start)
    return _form(caller, curl, Fields((*fields.pairs, *sources.started(source))))


@router.post("")
def start_distillation(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """Start it and show its page; what is wrong is told beside its field. Sending the form twice starts one."""
    return _start(caller, curl, fields, "distillation")


@router.post("/dataset")
def start_dataset(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """The dataset alone, as POST /datasets makes it."""
    return _start(caller, curl, fields, "dataset")


@router.post("/preview")
def preview_distillation(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """Five real pairs of the dataset that the form asks for; their page follows them."""
    return _start(caller, curl, fields.but("once", ""), "preview")


@router.post("/change")
def change_form(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """The form with another row of a scorer, or without one."""
    return _form(caller, curl, scorer_rows.changed(fields, asked.REWARD))


@router.post("/estimate")
def estimate_distillation(caller: Actor, curl: Curl, fields: Sent, part: bool = False) -> Response:
    """The form again with its estimate; with `part` the estimate and the command alone."""
    if not part:
        return _form(caller, curl, fields)
    body = asked.body_of(fields)
    found = guess(caller, body["dataset"])
    command = curl.post("/distillations", body)
    return page("estimate.html", caller, estimate=found.estimate, lacks=found.said, command=command)


def _start(caller: Caller, curl: Curl, fields: Fields, what: str) -> Response:
    """Ask for what the form says and show it, or the form as it was with what is wrong."""
    body = asked.body_of(fields)
    try:
        answer = ASKED[what](DistillationConfig.model_validate(body), once(caller, what, fields.get("once"), body))
    except (ValidationError, BadInput, Conflict) as error:
        said = refusal(error, body)
        return _form(caller, curl, fields, replace(said, param=asked.field_of(said.param, fields)))
    return RedirectResponse(f"/dashboard{answer.headers['location']}", 303)


def _form(caller: Caller, curl: Curl, fields: Fields, said: Refusal = NOTHING) -> Response:
    first, rest = asked.training_questions()
    body = asked.body_of(fields)
    found = guess(caller, body["dataset"])
    return page(
        "new.html",
        caller,
        status=said.status,
        fields=fields,
        said=said,
        behaviors=behavior_cards(caller),
        presets=PRESETS,
        rows=scorer_rows.rows_of(fields, asked.REWARD),
        data=asked.data_questions(),
        strategy=strategies.strategy(),
        of_critique=strategies.OF_CRITIQUE,
        more_data=asked.more_data_questions(),
        endpoint=asked.endpoint_questions(),
        filters=asked.filter_questions(),
        budget=asked.budget_questions(),
        methods=method_cards(),
        training=first,
        more_training=rest,
        estimate=found.estimate,
        lacks=found.said,
        once=new_id("form"),
        live=False,
        command=curl.post("/distillations", body),
        **model_choices(caller),
        **sources.source_values(caller, fields),
    )
