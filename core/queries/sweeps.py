"""Statements about sweeps. What moves a sweep moves its runs, in one transaction."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.run import RunConfig
from core.configs.sweep import Grid
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.queries import events, parents, runs
from core.queries.runs import SweepPlace
from core.tables import Dataset, Run, Shard, Sweep


@dataclass(frozen=True)
class Planned:
    """A sweep before it is made: the config under its grid; for each combination its complete config and dataset."""

    config: RunConfig
    grid: Grid
    runs: Sequence[tuple[RunConfig, Dataset]]


def create(session: Session, *, project_id: str, planned: Planned) -> Sweep:
    """Store a sweep and queue its runs in the order of their combinations. Raises BadInput as `runs.create` does."""
    sweep = Sweep(
        id=new_id("sweep"),
        project_id=project_id,
        config=planned.config.model_dump(mode="json"),
        grid=[{"path": path, "values": values} for path, values in planned.grid.items()],
    )
    session.add(sweep)
    session.flush()
    for place, (config, dataset) in enumerate(planned.runs):
        at = SweepPlace(sweep.id, place)
        runs.create(session, project_id=project_id, config=config, dataset=dataset, sweep=at)
    _tell(session, sweep, f"Queued {len(planned.runs)} runs.")
    session.refresh(sweep)
    return sweep


def grid_of(sweep: Sweep) -> Grid:
    """The values by their path, in the order they were asked for."""
    return {row["path"]: row["values"] for row in sweep.grid}


def get(session: Session, project_id: str, id: str) -> Sweep:
    """One sweep. Raises NotFound."""
    found = session.scalars(select(Sweep).where(Sweep.project_id == project_id, Sweep.id == id)).one_or_none()
    if found is None:
        raise NotFound("sweep", id)
    return found


def page(session: Session, project_id: str, *, after: str | None = None, limit: int = 20) -> list[Sweep]:
    """Sweeps of a project, newest first, older than `after`."""
    statement = select(Sweep).where(Sweep.project_id == project_id).order_by(Sweep.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Sweep.id < after)))


def runs_of(session: Session, ids: Sequence[str]) -> dict[str, list[Run]]:
    """The runs of sweeps by the sweep's id, in the order of their combinations, as the ledger has them now."""
    statement = select(Run).where(Run.sweep_id.in_(ids)).order_by(Run.sweep_id, Run.sweep_place)
    found: dict[str, list[Run]] = {id: [] for id in ids}
    for run in session.scalars(statement.execution_options(populate_existing=True)):
        found[str(run.sweep_id)].append(run)
    return found


def cancel(session: Session, project_id: str, id: str) -> Sweep:
    """Stop every run that has not ended. Raises Conflict where all of them succeeded or failed."""
    return _move(session, project_id, id, runs.cancel, "cancelled")


def pause(session: Session, project_id: str, id: str) -> Sweep:
    """Pause every run that waits or trains. Raises Conflict where there is none."""
    return _move(session, project_id, id, runs.pause, "paused")


def resume(session: Session, project_id: str, id: str) -> Sweep:
    """Go on with every run that is paused, cancelled or failed. Raises Conflict where there is none."""
    return _move(session, project_id, id, runs.resume, "resumed")


def _move(session: Session, project_id: str, id: str, move: Callable[[Session, str, str], Run], done: str) -> Sweep:
    """Move each run that its state allows to be moved; their shards are held first, as `parents.hold` says."""
    sweep = get(session, project_id, id)
    ids = [run.id for run in runs_of(session, [id])[id]]
    parents.hold(session, Shard.run_id.in_(ids))
    moved = 0
    for run_id in ids:
        with suppress(Conflict):  # this run is at another point than the others
            move(session, project_id, run_id)
            moved += 1
    if not moved:
        raise Conflict(f"No run of sweep {id} can be {done} as they stand; GET /sweeps/{id} tells how they stand.")
    _tell(session, sweep, f"Sweep {done}: {moved} of {len(ids)} runs.")
    return sweep


def _tell(session: Session, sweep: Sweep, message: str) -> None:
    events.tell(session, project_id=sweep.project_id, subject=sweep.id, message=message)
