"""The pages of sweeps: the list, one with its table and the curves of its runs over each other, and the buttons."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.dashboard import overlay
from api.dashboard.curl import Commands, Curl
from api.dashboard.listing import listing
from api.dashboard.moves import Moves, move
from api.dashboard.preflight import body
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Actor, Looker
from api.dashboard.words import short
from api.deps import ListPage
from api.routes.sweeps import list_sweeps
from api.schemas.sweep import SweepObject
from api.summaries import Order
from api.sweeps import shown
from core.database import transaction
from core.queries import events, sweeps
from core.states import ENDED

router = APIRouter(prefix="/dashboard/sweeps", route_class=PageRoute)

MOVES: Moves = {
    "cancel": sweeps.cancel,
    "pause": sweeps.pause,
    "resume": sweeps.resume,
}
EVENTS = 40
WAITING = ("queued", "preparing", "running")  # runs that can be paused
STOPPED = ("paused", "failed", "cancelled")  # runs that can go on


@router.get("")
def show_sweeps(caller: Looker, curl: Curl, paging: ListPage) -> Response:
    """Newest first."""
    listed = list_sweeps(caller, paging)
    return page(
        "sweeps.html",
        caller,
        **listing(listed, paging),
        live=any(row.status not in ENDED for row in listed.data),
        command=curl.get("/sweeps"),
    )


@router.get("/{id}")
def show_sweep_page(id: str, caller: Looker, curl: Curl, order: Order = "place") -> Response:
    """The table of its runs, their curves over each other, what was asked, events."""
    with transaction() as session:
        sweep = shown(session, sweeps.get(session, caller.project_id, id), order)
        return page(
            "sweep.html",
            caller,
            sweep=sweep,
            order=order,
            marks={run: place for place, run in enumerate(sweep.runs)},
            events=events.page(session, caller.project_id, [id, *sweep.runs], limit=EVENTS),
            live=sweep.status not in ENDED,
            alike=alike(sweep),
            actions=actions(sweep),
            commands=_commands(curl, sweep),
        )


@router.get("/{id}/curves.json")
def read_curves(id: str, caller: Looker) -> JSONResponse:
    """The curves of its runs, for the charts."""
    with transaction() as session:
        sweeps.get(session, caller.project_id, id)
        return JSONResponse(overlay.curves(session, sweeps.runs_of(session, [id])[id]))


@router.post("/{id}/{action}")
def move_sweep(id: str, action: str, caller: Actor) -> Response:
    """Cancel, pause or resume its runs, and back to the page."""
    return RedirectResponse(f"/dashboard/sweeps/{move(MOVES, action, caller, id)}", 303)


def actions(sweep: SweepObject) -> list[str]:
    """What can be done with the runs as they stand."""
    counts = sweep.run_counts
    found = ["pause"] if any(counts.get(state) for state in WAITING) else []
    found += ["resume"] if any(counts.get(state) for state in STOPPED) else []
    return found + (["cancel"] if sweep.status not in ENDED else [])


def alike(sweep: SweepObject) -> list[tuple[str, Any]]:
    """What a practitioner asks first about runs, as far as it is the same for all of these."""
    config = sweep.config
    found = {
        "student": ("Student", short(config.student) if config.student else "the default one"),
        "method.type": ("Method", config.method.type),
        "training.mode": ("Training", config.training.mode),
        "training.epochs": ("Epochs", config.training.epochs),
        "training.batch_size": ("Batch", f"{config.training.batch_size} pairs"),
        "training.learning_rate": ("Learning rate", config.training.learning_rate),
        "training.seed": ("Seed", config.training.seed),
    }
    return [row for path, row in found.items() if path not in sweep.grid and path.split(".")[0] not in sweep.grid]


def _commands(curl: Commands, sweep: SweepObject) -> dict[str, Any]:
    asked = body(sweep.config) | {"grid": sweep.grid}
    return {
        "read": curl.get(f"/sweeps/{sweep.id}?order=tuned"),
        "events": curl.get(f"/sweeps/{sweep.id}/events") + ' \\\n  -H "Accept: text/event-stream"',
        "again": curl.post("/runs", asked),
        **{action: curl.post(f"/sweeps/{sweep.id}/{action}") for action in MOVES},
    }
