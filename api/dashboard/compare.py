"""The page of runs held against each other."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from api.comparison import asked_ids, compare
from api.dashboard import overlay
from api.dashboard.card import verdict
from api.dashboard.curl import Curl
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Looker
from core.database import transaction
from core.queries import runs
from core.states import ENDED

router = APIRouter(prefix="/dashboard/runs/compare", route_class=PageRoute)

Ids = Annotated[list[str], Query(max_length=100, default_factory=list)]


@router.get("")
def show_comparison(caller: Looker, curl: Curl, ids: Ids) -> Response:
    """What differs, the numbers, the curves over each other, and how the answers were scored; `ids` as in the API.

    The boxes of the list of runs send `ids` several times.
    """
    asked = asked_ids(",".join(ids))
    with transaction() as session:
        found = compare(session, caller.project_id, asked)
    together = ",".join(asked)
    return page(
        "compare.html",
        caller,
        found=found,
        ids=together,
        marks={run.id: place for place, run in enumerate(found.runs)},
        verdict=lambda difference: verdict(difference.model_dump()),
        live=any(run.status not in ENDED for run in found.runs),
        command=curl.get(f"/runs/compare?ids={together}"),
    )


@router.get("/curves.json")
def read_compared_curves(caller: Looker, ids: Ids) -> JSONResponse:
    """The curves of the runs, for the charts."""
    with transaction() as session:
        rows = [runs.get(session, caller.project_id, id) for id in asked_ids(",".join(ids))]
        return JSONResponse(overlay.curves(session, rows))
