"""The pages of datasets: the list, one with its funnel, charts and pairs, and the buttons."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.dashboard import timeline
from api.dashboard.charts import charts
from api.dashboard.curl import Commands, Curl
from api.dashboard.exports import export_links
from api.dashboard.filters import filter_values
from api.dashboard.funnel import gates
from api.dashboard.listing import listing
from api.dashboard.moves import Moves, move
from api.dashboard.pair_filter import AskedPairs
from api.dashboard.pairs import pair_values
from api.dashboard.pushes import push_values
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.stages import stage_bars
from api.dashboard.visitor import Actor, Looker
from api.deps import ListPage
from api.routes.dataset_pairs import funnel_of
from api.routes.datasets import list_datasets
from api.schemas.dataset import show_dataset
from core.database import transaction
from core.queries import chains, datasets, distillations, events, prompts, scorers, stages
from core.states import ENDED

router = APIRouter(prefix="/dashboard/datasets", route_class=PageRoute)

MOVES: Moves = {
    "cancel": datasets.cancel,
    "pause": datasets.pause,
    "resume": datasets.resume,
}
EVENTS = 30
FAILURES = 20


@router.get("")
def show_datasets(caller: Looker, curl: Curl, paging: ListPage) -> Response:
    """Newest first."""
    listed = list_datasets(caller, paging)
    return page(
        "datasets.html",
        caller,
        **listing(listed, paging),
        steps={row.id: timeline.of_dataset(row) for row in listed.data},
        live=any(row.status not in ENDED for row in listed.data),
        command=curl.get("/datasets"),
    )


@router.get("/{id}")
def show_dataset_page(id: str, caller: Looker, curl: Curl, paging: ListPage, filter: AskedPairs) -> Response:
    """Progress, funnel, charts, pairs with their word diff, failures, events."""
    with transaction() as session:
        row = datasets.get(session, caller.project_id, id)
        progress, counts = datasets.progress(session, id), datasets.pair_counts(session, row)
        dataset = show_dataset(row, progress, counts)
        step = timeline.of_dataset(dataset)
        sent = push_values(session, curl, row)
        return page(
            "dataset.html",
            caller,
            dataset=dataset,
            preview=row.purpose == "preview",
            spoken=timeline.spoken([step]),
            prompts=row.n_prompts,
            gates=gates(id, funnel_of(session, row, progress, counts)),
            stages=stage_bars(dataset, stages.of_dataset(session, id)),
            events=events.page(session, caller.project_id, [id], limit=EVENTS),
            failures=chains.failures(session, id, limit=FAILURES) if dataset.request_counts.failed else [],
            quarantined=prompts.quarantined(session, id, limit=FAILURES),
            distillation=distillations.of_dataset(session, id),
            exports=export_links(curl, id),
            live=dataset.status not in ENDED or sent["pushing"],
            commands=_commands(curl, id),
            actions=actions(dataset.status),
            **sent,
            **filter_values(session, curl, row),
            **pair_values(session, id, filter, paging),
        )


@router.get("/{id}/charts.json")
def read_charts(id: str, caller: Looker, scorer: Annotated[str | None, Query(max_length=600)] = None) -> JSONResponse:
    """Scores by one of the scorers, margins and lengths, for the charts."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
        return JSONResponse(charts(session, id, scorers.named(session, id, scorer, param="scorer")))


@router.post("/{id}/{action}")
def move_dataset(id: str, action: str, caller: Actor) -> Response:
    """Cancel, pause or resume, and back to the page."""
    return RedirectResponse(f"/dashboard/datasets/{move(MOVES, action, caller, id)}", 303)


def actions(status: str) -> list[str]:
    """What can be done with a dataset in this state."""
    if status == "in_progress":
        return ["pause", "cancel"]
    return {"paused": ["resume", "cancel"], "cancelled": ["resume"], "failed": ["resume"]}.get(status, [])


def _commands(curl: Commands, id: str) -> dict[str, Any]:
    return {
        "read": curl.get(f"/datasets/{id}"),
        "funnel": curl.get(f"/datasets/{id}/funnel"),
        "stats": curl.get(f"/datasets/{id}/stats"),
        "pairs": curl.get(f"/datasets/{id}/pairs?verdict=kept"),
        "failures": curl.get(f"/datasets/{id}/failures"),
        **{action: curl.post(f"/datasets/{id}/{action}") for action in MOVES},
    }
