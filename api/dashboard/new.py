"""The form that starts a distillation; it asks exactly as POST /distillations does."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.auth import Caller
from api.dashboard.asked import body_of, data_questions, training_questions
from api.dashboard.curl import Curl
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.presets import PRESETS, preset
from api.dashboard.questions import method_cards
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Actor
from api.deps import Paging, Post
from api.errors import burnish_answer
from api.routes.distillations import create_distillation
from api.routes.models import list_models
from api.schemas.behavior import BehaviorSummary, show_summary
from api.validation import explain
from core.configs.distillation import DistillationConfig
from core.database import transaction
from core.errors import BadInput
from core.ids import new_id
from core.queries import behaviors
from core.settings import settings

router = APIRouter(prefix="/dashboard/distillations", route_class=PageRoute)

MOST = Paging(None, 100)


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
def start_distillation(caller: Actor, curl: Curl, fields: Annotated[Fields, Depends(sent_fields)]) -> Response:
    """Start it and show its page; what is wrong is told beside the form. Sending the form twice starts one."""
    body = body_of(fields)
    try:
        config = DistillationConfig.model_validate(body)
        answer = create_distillation(config, _post(caller, fields.get("once"), body))
    except ValidationError as error:
        message, param, _ = explain(error.errors(include_url=False), body)
        return _form(caller, curl, fields, message=message, param=param, status=422)
    except BadInput as error:
        status = burnish_answer(error).status_code
        return _form(caller, curl, fields, message=error.message, param=error.param, status=status)
    return RedirectResponse(f"/dashboard{answer.headers['location']}", 303)


def _post(caller: Caller, key: str, body: dict[str, Any]) -> Post:
    asked = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    return Post(caller, f"dashboard:{key[:64]}" if key.isascii() and key else None, asked, sealed=False)


def _form(caller: Caller, curl: Curl, fields: Fields, *, status: int = 200, **said: str | None) -> Response:
    first, rest = training_questions()
    models = list_models(caller, MOST).data
    return page(
        "new.html",
        caller,
        status=status,
        fields=fields,
        message=said.get("message"),
        param=said.get("param") or "",
        behaviors=_behaviors(caller),
        presets=PRESETS,
        causal=[model for model in models if model.kind in ("causal", "adapter")],
        classifiers=[model for model in models if model.kind == "classifier"],
        defaults=settings(),
        data=data_questions(),
        methods=method_cards(),
        training=first,
        more_training=rest,
        once=new_id("form"),
        live=False,
        command=curl.post("/distillations", body_of(fields)),
    )


def _behaviors(caller: Caller) -> list[BehaviorSummary]:
    with transaction() as session:
        rows = behaviors.page(session, caller.project_id, after=None, limit=MOST.limit)
        return sorted((show_summary(row) for row in rows), key=lambda shown: shown.name)
