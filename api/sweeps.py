"""A sweep made from a request, and a sweep with the table of its runs."""

from sqlalchemy.orm import Session

from api.checks.grid import check_grid
from api.schemas.sweep import SweepObject, show_sweep
from api.summaries import Order, ordered, summaries
from core.configs.sweep import RunRequest
from core.errors import BadInput
from core.grid import swept
from core.queries import sweeps
from core.queries.sweeps import Planned
from core.tables import Sweep


def make(session: Session, project_id: str, asked: RunRequest) -> Sweep:
    """All of a grid's runs, or none of them. Raises BadInput (and its kinds), Conflict or RequestValidationError."""
    if asked.dry_run:
        raise BadInput(
            "A grid is trained, not looked at: send one of its combinations without the grid and with dry_run. What is "
            "wrong with any of them is told before one of them is made.",
            param="dry_run",
        )
    checked = check_grid(session, project_id, asked)
    planned = Planned(asked.config, asked.grid or {}, [(run.config, run.dataset) for run in checked])
    return sweeps.create(session, project_id=project_id, planned=planned)


def shown(session: Session, row: Sweep, order: Order = "place") -> SweepObject:
    """A sweep with its table."""
    runs = sweeps.runs_of(session, [row.id])[row.id]
    grid = sweeps.grid_of(row)
    lines = summaries(session, runs, {run.id: swept(grid, run.sweep_place or 0) for run in runs})
    return show_sweep(row, runs, ordered(lines, order))
