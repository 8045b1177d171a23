"""The cache of turns, made smaller from the overview."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.dashboard.answers import typed
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.refusal import refusal
from api.dashboard.route import PageRoute, problem
from api.dashboard.visitor import Actor
from api.schemas.cache import TrimRequest
from core.database import transaction
from core.queries import cached_turns

router = APIRouter(prefix="/dashboard/cache", route_class=PageRoute)


@router.post("/trim")
def trim_cache(caller: Actor, fields: Annotated[Fields, Depends(sent_fields)]) -> Response:
    """Forget what nobody used for so long, and back to the overview."""
    body = {"unused_days": typed(fields.get("unused_days").strip(), "number")}
    try:
        asked = TrimRequest.model_validate(body)
    except ValidationError as error:
        said = refusal(error, body)
        return problem(said.status, said.message, caller)
    with transaction() as session:
        cached_turns.trim(session, unused_days=asked.unused_days, project_id=caller.project_id)
    return RedirectResponse("/", 303)
