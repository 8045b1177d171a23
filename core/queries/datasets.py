"""Statements about datasets."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Text, delete, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.filters import FilterConfig
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.layout import lay_out, lay_out_held_out
from core.queries import (
    events,
    gathered,
    pairs,
    parents,
    prompts,
    recovery,
    scorers,
    sifts,
    sources,
    verdicts,
    working,
)
from core.queries.intervals import seconds
from core.queries.moves import move
from core.queries.progress import progress_of
from core.states import DatasetState, RunState, ShardState, Stage
from core.tables import Behavior, Dataset, Run, Shard

NOTHING_KEPT = "No pair was kept; see the failures and the reasons of the dropped pairs."
NO_PROMPT = "No prompt was written; see the events for what was left out, and why."


def create(
    session: Session,
    *,
    project_id: str,
    config: DatasetConfig,
    behaviors: Sequence[Behavior],
    purpose: Literal["dataset", "preview"] = "dataset",
) -> Dataset:
    """Store a dataset with its prompts and queue its shards. `config` is complete: every model is named.

    A preview goes before everything else. Prompts from a source come later, from the worker that reads it.

    Raises BadInput when the behaviors have too few prompts.
    """
    specs = {row.name: BehaviorSpec.model_validate(row.body) for row in behaviors}
    lay = lay_out if config.source is None else lay_out_held_out
    rows = lay(config, specs, {row.name: row.id for row in behaviors})
    n_prompts = sum(row["split"] != "evaluation" for row in rows)
    dataset = Dataset(
        id=new_id("ds"),
        project_id=project_id,
        config=config.model_dump(mode="json"),
        behaviors=[{"id": row.id, "name": row.name, "version": row.version} for row in behaviors],
        state=str(DatasetState.validating),
        n_prompts=n_prompts,
        counts=verdicts.NO_PAIRS,
        purpose=purpose,
    )
    session.add(dataset)
    session.flush()
    prompts.store(session, [row | {"dataset_id": dataset.id} for row in rows])
    scorers.declare(session, dataset.id, config, list(specs.values()))
    if config.source is not None:
        sources.queue(session, dataset, config)
    else:
        gathered.queue(session, dataset, config, first=0, last=n_prompts - 1)
    move(session, Dataset, dataset.id, DatasetState.in_progress)
    queued = f"{n_prompts} prompts" if config.source is None else f"a source of prompts ({config.source.kind})"
    events.tell(session, project_id=project_id, subject=dataset.id, message=f"Queued {queued}.")
    session.refresh(dataset)
    return dataset


def get(session: Session, project_id: str, id: str) -> Dataset:
    """One dataset. Raises NotFound."""
    found = session.scalars(select(Dataset).where(Dataset.project_id == project_id, Dataset.id == id)).one_or_none()
    if found is None:
        raise NotFound("dataset", id)
    return found


def page(session: Session, project_id: str, *, after: str | None = None, limit: int = 20) -> list[Dataset]:
    """Datasets of a project, previews apart, newest first, older than `after`."""
    mine = (Dataset.project_id == project_id) & (Dataset.purpose == "dataset")
    statement = select(Dataset).where(mine).order_by(Dataset.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Dataset.id < after)))


def progress(session: Session, id: str) -> dict[str, Any]:
    """What the shards of one dataset have counted: see `progress_of`."""
    return progress_of(session, [id])[id]


def cancel(session: Session, project_id: str, id: str) -> Dataset:
    """Stop a dataset; what is finished is kept. Cancelling a cancelled one changes nothing. Raises Conflict."""
    return _stop(session, project_id, id, to=DatasetState.cancelled, shard=ShardState.cancelled)


def pause(session: Session, project_id: str, id: str) -> Dataset:
    """Hold a dataset until it is resumed. Raises Conflict."""
    return _stop(session, project_id, id, to=DatasetState.paused, shard=ShardState.paused)


def _stop(session: Session, project_id: str, id: str, *, to: DatasetState, shard: ShardState) -> Dataset:
    dataset = get(session, project_id, id)
    parents.hold(session, parents.of_dataset(id))
    if move(session, Dataset, id, to):
        parents.fence(session, parents.of_dataset(id), shard)
        working.look(session, id)
        events.tell(session, project_id=project_id, subject=id, message=f"Dataset {to}.")
    session.refresh(dataset)
    if dataset.state != to:
        raise Conflict(f"Dataset {id} is {dataset.state} and cannot become {to}.")
    return dataset


def resume(session: Session, project_id: str, id: str) -> Dataset:
    """Go on with a paused, cancelled or failed dataset; finished chains are not made again. Raises Conflict."""
    dataset = get(session, project_id, id)
    whole = dataset.state == DatasetState.completed
    if whole or not move(session, Dataset, id, DatasetState.in_progress, error=None):
        raise Conflict(f"Dataset {id} is {dataset.state}; only a paused, cancelled or failed one can be resumed.")
    prompts.restore(session, id, held_out=False)
    recovery.forgive(session, parents.of_dataset(id))
    sifted = (Shard.stage == str(Stage.sift)) & (Shard.state == str(ShardState.done))
    session.execute(delete(Shard).where(parents.of_dataset(id), sifted))  # more pairs come
    parents.reopen(session, parents.of_dataset(id))
    events.tell(session, project_id=project_id, subject=id, message="Dataset resumed.")
    session.refresh(dataset)
    return dataset


def advance(session: Session, id: str) -> bool:
    """End a dataset whose shards have all ended; True when it ended now."""
    making = parents.of_dataset(id) & (Shard.stage != str(Stage.push))  # a push changes nothing in it
    busy = select(Shard.id).where(making, Shard.state.in_(parents.OPEN)).limit(1)
    if session.scalar(busy) is not None:  # most often, and the row need not be read and locked to see it
        return False
    dataset = session.scalars(select(Dataset).where(Dataset.id == id).with_for_update()).one()
    if dataset.state != DatasetState.in_progress or session.scalar(busy) is not None:
        return False
    counts = pairs.counts(session, id)
    if filters(session, id).whole and counts["kept"] and not sifts.begun(session, id):
        sifts.queue(session, dataset, total=counts["kept"] + counts["dropped"])
        return False
    scorers.measure(session, id)
    if _cut_short(session, dataset):  # its filters ran again
        return move(session, Dataset, id, DatasetState.cancelled, counts=counts)
    move(session, Dataset, id, DatasetState.finalizing, counts=counts)
    whole = counts["kept"] > 0
    error = None if whole else NOTHING_KEPT if dataset.n_prompts else NO_PROMPT
    move(session, Dataset, id, DatasetState.completed if whole else DatasetState.failed, error=error)
    events.tell(
        session,
        project_id=dataset.project_id,
        subject=id,
        level="info" if whole else "error",
        message=error or f"Completed: {counts['kept']} pairs kept, {counts['dropped']} dropped.",
        data=counts,
    )
    session.refresh(dataset)
    return True


def forget_previews(session: Session, *, hours: float) -> int:
    """Delete previews older than this that nothing was made of; returns how many."""
    used = select(Run.id).where(Run.dataset_id == Dataset.id).exists()
    statement = delete(Dataset).where(
        Dataset.purpose == "preview", Dataset.created_at < func.clock_timestamp() - seconds(3600 * hours), ~used
    )
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def filter_again(session: Session, project_id: str, id: str, asked: FilterConfig) -> Dataset:
    """Run other filters over a finished dataset; nothing is generated. A cancelled one stays so. Raises Conflict."""
    dataset = get(session, project_id, id)
    reader = runs_on(session, id)
    if reader is not None:
        raise Conflict(f"Run {reader} trains on dataset {id}; wait for its end, or cancel it first.")
    counts = pair_counts(session, dataset)
    number = counts["kept"] + counts["dropped"]
    whole = dataset.state == DatasetState.completed or (dataset.state == DatasetState.failed and counts["dropped"] > 0)
    whole = whole or (dataset.state == DatasetState.cancelled and number > 0)
    changed = {"filters": asked.model_dump(mode="json"), "error": None}
    if not whole or not move(session, Dataset, id, DatasetState.in_progress, **changed):
        raise Conflict(
            f"Dataset {id} is {dataset.state}; filters are run again on a completed one, or a cancelled one with pairs."
        )
    session.execute(delete(Shard).where(parents.of_dataset(id), Shard.stage == str(Stage.sift)))
    sifts.queue(session, dataset, total=number)
    events.tell(session, project_id=project_id, subject=id, message="Filters are run again.")
    session.refresh(dataset)
    return dataset


def runs_on(session: Session, id: str) -> str | None:
    """The id of a run that reads, or may read again, the dataset's pairs; None when there is none."""
    reading = [str(state) for state in (RunState.queued, RunState.preparing, RunState.running, RunState.paused)]
    return session.scalar(select(Run.id).where(Run.dataset_id == id, Run.state.in_(reading)).limit(1))


def pair_counts(session: Session, row: Dataset) -> dict[str, int]:
    """Pairs by verdict and reason: as counted with every write, or now where that was begun before they were."""
    return row.counts or pairs.counts(session, row.id)


def _cut_short(session: Session, dataset: Dataset) -> bool:
    """Whether work was cancelled that a resume would take up; what a budget closed is not waited for."""
    over = [Stage.sift, Stage.push] + ([Stage.grow, Stage.generate] if dataset.stopped else [])
    left = parents.of_dataset(dataset.id) & Shard.stage.not_in([str(stage) for stage in over])
    cancelled = select(Shard.id).where(left, Shard.state == str(ShardState.cancelled)).limit(1)
    return session.scalar(cancelled) is not None


def unfinished(session: Session) -> list[str]:
    """Datasets in progress without an open shard: their last worker vanished before it could end them."""
    mine = (Shard.dataset_id == Dataset.id) & Shard.run_id.is_(None) & (Shard.stage != str(Stage.push))
    busy = select(Shard.id).where(mine, Shard.state.in_(parents.OPEN))
    statement = select(Dataset.id).where(Dataset.state == str(DatasetState.in_progress), ~busy.exists())
    return list(session.scalars(statement))


def frozen(session: Session, id: str) -> DatasetConfig:
    """What was asked."""
    return DatasetConfig.model_validate(session.scalars(select(Dataset.config).where(Dataset.id == id)).one())


def without_prompts(session: Session, id: str) -> DatasetConfig:
    """What was asked but for the request's own prompts, which may be a million: for what is read shard by shard."""
    lean = Dataset.config.op("-", return_type=JSONB())(literal("prompts", Text()))
    return DatasetConfig.model_validate(session.scalars(select(lean).where(Dataset.id == id)).one())


def filters(session: Session, id: str) -> FilterConfig:
    """The filters in force: those of the last re-run, else those that were asked for."""
    again = session.scalars(select(Dataset.filters).where(Dataset.id == id)).one()
    return FilterConfig.model_validate(again) if again is not None else frozen(session, id).filters
