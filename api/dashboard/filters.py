"""Other filters over a finished dataset: the form, and its request as POST /datasets/{id}/filters takes it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.auth import Caller
from api.dashboard.answers import fields_of
from api.dashboard.asked import filter_questions, filters_of
from api.dashboard.curl import Commands, Curl
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.refusal import Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Actor
from core.configs.filters import FilterConfig
from core.database import transaction
from core.errors import BadInput, Conflict
from core.queries import datasets
from core.tables import Dataset

router = APIRouter(prefix="/dashboard/datasets", route_class=PageRoute)


def filter_values(session: Session, curl: Commands, row: Dataset) -> dict[str, Any]:
    """What the form shows: the filters in force."""
    fields = fields_of(datasets.filters(session, row.id), filter_questions(""))
    return {
        "filter_questions": filter_questions(""),
        "filter_fields": fields,
        "filter_command": curl.post(f"/datasets/{row.id}/filters", filters_of(fields)),
        "filterable": row.state in ("completed", "failed", "cancelled"),
    }


@router.post("/{id}/filters")
def run_filters(id: str, caller: Actor, curl: Curl, fields: Annotated[Fields, Depends(sent_fields)]) -> Response:
    """Run them and show the dataset again, whose funnel follows; what is wrong is told beside the form."""
    body = filters_of(fields)
    try:
        config = FilterConfig.model_validate(body)
        with transaction() as session:
            datasets.filter_again(session, caller.project_id, id, config)
    except (ValidationError, BadInput, Conflict) as error:
        return _form(caller, id, fields, refusal(error, body), curl.post(f"/datasets/{id}/filters", body))
    return RedirectResponse(f"/dashboard/datasets/{id}#funnel-title", 303)


def _form(caller: Caller, id: str, fields: Fields, said: Refusal, command: str) -> Response:
    return page(
        "filters.html",
        caller,
        status=said.status,
        id=id,
        said=said,
        filter_questions=filter_questions(""),
        filter_fields=fields,
        filter_command=command,
        live=False,
    )
