"""The pages of behaviors: cards of all, and one with its instructions and prompts."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dashboard.curl import Curl
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Looker
from api.deps import ListPage
from api.routes.behaviors import read_behavior
from api.schemas.behavior import show_summary
from core.database import transaction
from core.queries import behaviors

router = APIRouter(prefix="/dashboard/behaviors", route_class=PageRoute)

PROMPTS = 40


@router.get("")
def list_behaviors(caller: Looker, curl: Curl, paging: ListPage) -> Response:
    """The newest version of each."""
    with transaction() as session:
        rows = behaviors.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        shown = [show_summary(row) for row in rows[: paging.limit]]
    return page(
        "behaviors.html",
        caller,
        rows=shown,
        more=len(rows) > paging.limit,
        first=paging.after is None,
        live=False,
        command=curl.get("/behaviors"),
    )


@router.get("/{name}")
def show_behavior_page(
    name: str, caller: Looker, curl: Curl, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> Response:
    """Principle, instructions, rubric, and the first prompts of both kinds."""
    behavior = read_behavior(name, caller, version)
    return page(
        "behavior.html",
        caller,
        behavior=behavior,
        spec=behavior.spec,
        prompts=behavior.spec.prompts[:PROMPTS],
        held_out=behavior.spec.evaluation_prompts[:PROMPTS],
        live=False,
        command=curl.get(f"/behaviors/{name}"),
    )
