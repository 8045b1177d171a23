"""Statements about distillations."""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.distillation import DistillationConfig
from core.configs.run import RunConfig
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.queries import datasets, events, runs
from core.queries.moves import move
from core.states import DatasetState, DistillationState, RunState
from core.tables import Behavior, Dataset, Distillation, Run

FOLLOWS_RUN = {
    RunState.evaluating: DistillationState.evaluating,
    RunState.succeeded: DistillationState.succeeded,
    RunState.failed: DistillationState.failed,
    RunState.cancelled: DistillationState.cancelled,
}
OPEN = (str(DistillationState.generating), str(DistillationState.training), str(DistillationState.evaluating))


def create(
    session: Session, *, project_id: str, config: DistillationConfig, behaviors: Sequence[Behavior]
) -> Distillation:
    """Store a distillation and its dataset; the run follows when the dataset completes."""
    dataset = datasets.create(session, project_id=project_id, config=config.dataset, behaviors=behaviors)
    distillation = Distillation(
        id=new_id("dist"),
        project_id=project_id,
        config=config.model_dump(mode="json"),
        state=str(DistillationState.generating),
        dataset_id=dataset.id,
    )
    session.add(distillation)
    session.flush()
    events.tell(session, project_id=project_id, subject=distillation.id, message=f"Making dataset {dataset.id}.")
    session.refresh(distillation)
    return distillation


def get(session: Session, project_id: str, id: str) -> Distillation:
    """One distillation. Raises NotFound."""
    statement = select(Distillation).where(Distillation.project_id == project_id, Distillation.id == id)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("distillation", id)
    return found


def page(session: Session, project_id: str, *, after: str | None = None, limit: int = 20) -> list[Distillation]:
    """Distillations of a project, newest first, older than `after`."""
    statement = (
        select(Distillation).where(Distillation.project_id == project_id).order_by(Distillation.id.desc()).limit(limit)
    )
    return list(session.scalars(statement if after is None else statement.where(Distillation.id < after)))


def cancel(session: Session, project_id: str, id: str) -> Distillation:
    """Stop whichever part is under way. Cancelling a cancelled one changes nothing. Raises Conflict.

    A dataset that ended before its run began is left as it is: no run follows.
    """
    distillation = get(session, project_id, id)
    if move(session, Distillation, id, DistillationState.cancelled):
        session.refresh(distillation)  # a run may have begun since it was read; from here on none does
        if distillation.run_id is not None:
            runs.cancel(session, project_id, distillation.run_id)
        else:
            with suppress(Conflict):
                datasets.cancel(session, project_id, distillation.dataset_id)
    session.refresh(distillation)
    if distillation.state != DistillationState.cancelled:
        raise Conflict(f"Distillation {id} is {distillation.state} and cannot be cancelled.")
    return distillation


def open_ones(session: Session) -> list[str]:
    """Distillations that have not ended."""
    return list(session.scalars(select(Distillation.id).where(Distillation.state.in_(OPEN))))


def follow(session: Session, id: str) -> None:
    """Bring a distillation up to where its dataset and run stand; starts the run when the dataset completed."""
    locked = select(Distillation).where(Distillation.id == id).with_for_update()
    distillation = session.scalars(locked.execution_options(populate_existing=True)).one()
    if distillation.state not in OPEN:
        return
    if distillation.run_id is None:
        _follow_dataset(session, distillation)
    else:
        run = session.scalars(select(Run).where(Run.id == distillation.run_id)).one()
        to = FOLLOWS_RUN.get(RunState(run.state))
        if to is not None and to != distillation.state and move(session, Distillation, id, to, error=run.error):
            _tell(session, distillation, f"Run {run.id} is {run.state}.")


def of_dataset(session: Session, dataset_id: str) -> str | None:
    """The open distillation that waits for this dataset or trains on it."""
    statement = select(Distillation.id).where(Distillation.dataset_id == dataset_id, Distillation.state.in_(OPEN))
    return session.scalars(statement).one_or_none()


def _follow_dataset(session: Session, distillation: Distillation) -> None:
    dataset = session.scalars(select(Dataset).where(Dataset.id == distillation.dataset_id)).one()
    if dataset.state == DatasetState.completed:
        run = _start_run(session, distillation, dataset)
        move(session, Distillation, distillation.id, DistillationState.training, run_id=run.id)
        _tell(session, distillation, f"Training run {run.id}.")
    elif dataset.state in (DatasetState.failed, DatasetState.cancelled):
        move(session, Distillation, distillation.id, DistillationState(dataset.state), error=dataset.error)
        _tell(session, distillation, f"Dataset {dataset.id} is {dataset.state}.")


def _start_run(session: Session, distillation: Distillation, dataset: Dataset) -> Run:
    asked = DistillationConfig.model_validate(distillation.config)
    config = RunConfig(
        dataset=dataset.id,
        student=asked.student,
        method=asked.method,
        training=asked.training,
        evaluation=asked.evaluation,
        reporting=asked.reporting,
        metadata=asked.metadata,
    )
    return runs.create(session, project_id=distillation.project_id, config=config, dataset=dataset)


def _tell(session: Session, distillation: Distillation, message: str) -> None:
    events.tell(session, project_id=distillation.project_id, subject=distillation.id, message=message)
