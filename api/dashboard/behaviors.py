"""The pages of behaviors: cards of all, and one with its instructions and prompts."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dashboard.curl import Curl
from api.dashboard.listing import listing
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Looker
from api.deps import ListPage
from api.routes.behaviors import list_behaviors, read_behavior

router = APIRouter(prefix="/dashboard/behaviors", route_class=PageRoute)

PROMPTS = 40


@router.get("")
def show_behaviors(caller: Looker, curl: Curl, paging: ListPage) -> Response:
    """The newest version of each."""
    found = listing(list_behaviors(caller, paging), paging)
    return page("behaviors.html", caller, **found, live=False, command=curl.get("/behaviors"))


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
