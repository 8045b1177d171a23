"""The form that starts a distillation; it asks exactly as POST /distillations does."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.auth import Caller
from api.dashboard import asked
from api.dashboard.curl import Curl
from api.dashboard.estimates import guess
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.presets import PRESETS, preset
from api.dashboard.questions import method_cards
from api.dashboard.refusal import Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Actor
from api.deps import Paging, Post
from api.routes.datasets import preview_dataset
from api.routes.distillations import create_distillation
from api.routes.models import list_models
from api.schemas.behavior import BehaviorSummary, show_summary
from core.configs.distillation import DistillationConfig
from core.database import transaction
from core.errors import BadInput
from core.ids import new_id
from core.queries import behaviors
from core.settings import settings

router = APIRouter(prefix="/dashboard/distillations", route_class=PageRoute)

MOST = Paging(None, 100)
NOTHING = Refusal(200, "", "")
Sent = Annotated[Fields, Depends(sent_fields)]


@router.get("/new")
def show_form(
    caller: Actor,
    curl: Curl,
    start: Annotated[str | None, Query(alias="preset")] = None,
    behavior: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Empty, filled in by a preset, or with a behavior chosen."""
    fields = Fields((("dataset.behavior", behavior),)) if behavior else preset(start)
    return _form(caller, curl, fields)


@router.post("")
def start_distillation(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """Start it and show its page; what is wrong is told beside the form. Sending the form twice starts one."""
    body = asked.body_of(fields)
    try:
        config = DistillationConfig.model_validate(body)
        answer = create_distillation(config, _post(caller, fields.get("once"), body))
    except (ValidationError, BadInput) as error:
        return _refused(caller, curl, fields, error)
    return RedirectResponse(f"/dashboard{answer.headers['location']}", 303)


@router.post("/preview")
def preview_distillation(caller: Actor, curl: Curl, fields: Sent) -> Response:
    """Five real pairs of the dataset that the form asks for; their page follows them."""
    body = asked.body_of(fields)
    try:
        config = DistillationConfig.model_validate(body)
        answer = preview_dataset(config.dataset, _post(caller, "", body))
    except (ValidationError, BadInput) as error:
        return _refused(caller, curl, fields, error)
    return RedirectResponse(f"/dashboard{answer.headers['location']}", 303)


@router.post("/estimate")
def estimate_distillation(caller: Actor, curl: Curl, fields: Sent, part: bool = False) -> Response:
    """The form again with its estimate; with `part` the estimate and the command alone."""
    if not part:
        return _form(caller, curl, fields)
    body = asked.body_of(fields)
    found = guess(caller, body["dataset"])
    command = curl.post("/distillations", body)
    return page("estimate.html", caller, estimate=found.estimate, lacks=found.said, command=command)


def _post(caller: Caller, key: str, body: dict[str, Any]) -> Post:
    hashed = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    return Post(caller, f"dashboard:{key[:64]}" if key.isascii() and key else None, hashed, sealed=False)


def _refused(caller: Caller, curl: Curl, fields: Fields, error: ValidationError | BadInput) -> Response:
    """The form as it was, with what is wrong."""
    return _form(caller, curl, fields, refusal(error, asked.body_of(fields)))


def _form(caller: Caller, curl: Curl, fields: Fields, said: Refusal = NOTHING) -> Response:
    first, rest = asked.training_questions()
    models = list_models(caller, MOST).data
    body = asked.body_of(fields)
    found = guess(caller, body["dataset"])
    return page(
        "new.html",
        caller,
        status=said.status,
        fields=fields,
        message=said.message,
        param=said.param,
        behaviors=_behaviors(caller),
        presets=PRESETS,
        causal=[model for model in models if model.kind in ("causal", "adapter")],
        classifiers=[model for model in models if model.kind == "classifier"],
        defaults=settings(),
        data=asked.data_questions(),
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
    )


def _behaviors(caller: Caller) -> list[BehaviorSummary]:
    with transaction() as session:
        rows = behaviors.page(session, caller.project_id, after=None, limit=MOST.limit)
        return sorted((show_summary(row) for row in rows), key=lambda shown: shown.name)
