"""The pages of distillations: the list, and one with its timeline from dataset to evaluation."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.dashboard import timeline
from api.dashboard.curl import Curl
from api.dashboard.overview import OPEN, Line
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.runs import compared
from api.dashboard.visitor import Actor, Looker
from api.deps import ListPage
from core.database import transaction
from core.queries import distillations, events

router = APIRouter(prefix="/dashboard/distillations", route_class=PageRoute)

EVENTS = 40


@router.get("")
def list_distillations(caller: Looker, curl: Curl, paging: ListPage) -> Response:
    """Newest first."""
    with transaction() as session:
        rows = distillations.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        lines = [Line(row, timeline.of_distillation(session, row)) for row in rows[: paging.limit]]
    return page(
        "distillations.html",
        caller,
        lines=lines,
        more=len(rows) > paging.limit,
        first=paging.after is None,
        live=any(line.row.state in OPEN for line in lines),
        command=curl.get("/distillations"),
    )


@router.get("/{id}")
def show_distillation_page(id: str, caller: Looker, curl: Curl) -> Response:
    """The timeline, what was asked, and how it came out."""
    with transaction() as session:
        row = distillations.get(session, caller.project_id, id)
        steps = timeline.of_distillation(session, row)
        subjects = [subject for subject in (row.id, row.dataset_id, row.run_id) if subject]
        found = compared(session, row.run_id) if row.run_id else {"cards": [], "summary": None, "samples": []}
        return page(
            "distillation.html",
            caller,
            row=row,
            steps=steps,
            spoken=timeline.spoken(steps),
            events=events.page(session, caller.project_id, subjects, limit=EVENTS),
            live=row.state in OPEN,
            commands={
                "read": curl.get(f"/distillations/{id}"),
                "events": curl.get(f"/distillations/{id}/events") + ' \\\n  -H "Accept: text/event-stream"',
                "cancel": curl.post(f"/distillations/{id}/cancel"),
            },
            actions=["cancel"] if row.state in OPEN else [],
            **({"verdict": lambda _: "unclear"} | found),
        )


@router.post("/{id}/cancel")
def cancel_distillation(id: str, caller: Actor) -> Response:
    """Stop whichever part is under way, and back to the page."""
    with transaction() as session:
        distillations.cancel(session, caller.project_id, id)
    return RedirectResponse(f"/dashboard/distillations/{id}", 303)
