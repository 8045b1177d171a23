"""The pages of runs: the list, one with its charts and the before/after card, and the buttons."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from sqlalchemy.orm import Session

from api.comparison import LEAST, MOST
from api.dashboard import preflight, timeline
from api.dashboard.card import Card, cards, verdict
from api.dashboard.curl import Commands, Curl
from api.dashboard.listing import listing
from api.dashboard.moves import Moves, move
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.series import columns
from api.dashboard.visitor import Actor, Looker
from api.deps import ListPage
from api.routes.run_series import read_artifact
from api.routes.runs import list_runs, shown
from api.schemas.run import RunObject
from core.database import transaction
from core.queries import evaluations, events, pair_losses, run_metrics, runs
from core.queries.pair_losses import Hardest, Order
from core.states import ENDED

router = APIRouter(prefix="/dashboard/runs", route_class=PageRoute)

MOVES: Moves = {
    "cancel": runs.cancel,
    "pause": runs.pause,
    "resume": runs.resume,
    "look": preflight.look,
    "train": preflight.train,
}
AGAIN = ("look", "train")  # these make another run
EVENTS = 40
SAMPLES = 12
HARDEST = 8


def asked_hardest(order: Order = "loss", split: Literal["train", "validation"] | None = None) -> Hardest:
    """Which pairs the page lists."""
    return Hardest(order=order, split=split)


AskedHardest = Annotated[Hardest, Depends(asked_hardest)]


@router.get("")
def show_runs(caller: Looker, curl: Curl, paging: ListPage) -> Response:
    """Newest first."""
    listed = list_runs(caller, paging)
    return page(
        "runs.html",
        caller,
        **listing(listed, paging),
        live=any(row.status not in ENDED for row in listed.data),
        command=curl.get("/runs"),
        least=LEAST,
        most=MOST,
    )


@router.get("/{id}")
def show_run_page(id: str, caller: Looker, curl: Curl, asked: AskedHardest) -> Response:
    """Progress, charts, before and after, samples, the hardest pairs, checkpoints, events."""
    with transaction() as session:
        row = runs.get(session, caller.project_id, id)
        run = shown(session, row)
        steps = timeline.of_run(session, row)
        return page(
            "run.html",
            caller,
            run=run,
            steps=steps,
            spoken=timeline.spoken(steps),
            checkpoints=run_metrics.checkpoints(session, id, limit=20),
            events=events.page(session, caller.project_id, [id], limit=EVENTS),
            live=run.status not in ENDED,
            commands=_commands(curl, run),
            hardest=pair_losses.page(session, id, asked, limit=HARDEST),
            asked=asked,
            actions=actions(run.status, asked=run.pause_asked, dry_run=run.dry_run),
            preflight=preflight.facts(run.preflight) if run.preflight else None,
            **compared(session, id),
        )


def compared(session: Session, run_id: str) -> dict[str, Any]:
    """What the before/after card shows: `cards` is empty while there is no summary."""
    evaluation = evaluations.of_run(session, run_id)
    summary = evaluation.summary if evaluation else None
    found: list[Card] = cards(summary) if summary else []
    samples = evaluations.side_by_side(session, evaluation.id, limit=SAMPLES) if evaluation else []
    return {"evaluation": evaluation, "summary": summary, "cards": found, "samples": samples, "verdict": verdict}


@router.get("/{id}/metrics.json")
def read_metrics(
    id: str, caller: Looker, after: Annotated[str | None, Query(pattern=r"^(train|validation)\.[0-9]{1,9}$")] = None
) -> JSONResponse:
    """Metrics behind a row, for the charts."""
    kind, _, step = (after or "").partition(".")
    with transaction() as session:
        runs.get(session, caller.project_id, id)
        return JSONResponse(columns(session, id, (int(step), kind) if after else None))


@router.get("/{id}/artifacts/{name:path}")
def download_artifact(request: Request, id: str, name: str, caller: Looker) -> FileResponse:
    """A file of the tuned model, as the API serves it."""
    return read_artifact(id, name, caller)


@router.post("/{id}/{action}")
def move_run(id: str, action: str, caller: Actor) -> Response:
    """Cancel, pause or resume, and back to the page; or look or train with the same config, and to the new run's."""
    return RedirectResponse(f"/dashboard/runs/{move(MOVES, action, caller, id)}", 303)


def actions(status: str, *, asked: bool, dry_run: bool = False) -> list[str]:
    """What can be done with a run in this state."""
    if dry_run:
        return ["train", "look"] if status in ENDED else ["cancel"]
    return [*_moves(status, asked=asked), "look"]


def _moves(status: str, *, asked: bool) -> list[str]:
    if status in ("queued", "preparing", "running"):
        return ["cancel"] if asked else ["pause", "cancel"]
    known = {"evaluating": ["cancel"], "paused": ["resume", "cancel"], "failed": ["resume"], "cancelled": ["resume"]}
    return known.get(status, [])


def _commands(curl: Commands, run: RunObject) -> dict[str, str]:
    id, body = run.id, preflight.body(run.config)
    return {
        "read": curl.get(f"/runs/{id}"),
        "metrics": curl.get(f"/runs/{id}/metrics?order=asc&limit=1000"),
        "evaluations": curl.get(f"/runs/{id}/evaluations"),
        "checkpoints": curl.get(f"/runs/{id}/checkpoints"),
        "pairs": curl.get(f"/runs/{id}/pairs?order=loss"),
        "artifacts": curl.get(f"/runs/{id}/artifacts"),
        "events": curl.get(f"/runs/{id}/events") + ' \\\n  -H "Accept: text/event-stream"',
        **{action: curl.post(f"/runs/{id}/{action}") for action in MOVES if action not in AGAIN},
        "look": curl.post("/runs?dry_run=true", body),
        "train": curl.post("/runs", body),
    }
