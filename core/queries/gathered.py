"""Statements about prompts that come after their dataset: each behind those that are there, and shards over them.

Whoever adds some holds the dataset's row meanwhile (`hold`), so that no index is given twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec, PromptSpec
from core.configs.dataset import DatasetConfig
from core.layout import lay_out_gathered
from core.queries import parents, prompts, shards
from core.settings import settings
from core.states import Stage
from core.tables import Behavior, Dataset, Prompt, Shard


@dataclass(frozen=True)
class Frame:
    """What the prompts of a dataset are laid out with; a source goes with one behavior."""

    config: DatasetConfig
    behavior: BehaviorSpec
    behavior_id: str


def frame(session: Session, dataset_id: str) -> Frame:
    """The frame of a dataset."""
    row = session.scalars(select(Dataset).where(Dataset.id == dataset_id)).one()
    behavior = session.scalars(select(Behavior).where(Behavior.id == row.behaviors[0]["id"])).one()
    return Frame(DatasetConfig.model_validate(row.config), BehaviorSpec.model_validate(behavior.body), behavior.id)


def config(session: Session, dataset_id: str) -> DatasetConfig:
    """What was asked."""
    return DatasetConfig.model_validate(session.scalars(select(Dataset.config).where(Dataset.id == dataset_id)).one())


def hold(session: Session, dataset_id: str) -> Dataset:
    """The dataset, locked for this transaction; chains may refer to it meanwhile. Lock a shard before."""
    locked = select(Dataset).where(Dataset.id == dataset_id).with_for_update(key_share=True)
    return session.scalars(locked, execution_options={"populate_existing": True}).one()


def append(session: Session, dataset: Dataset, frame: Frame, found: Sequence[PromptSpec]) -> None:
    """Store prompts behind those that are there. Raises BadInput (param `wrappers`)."""
    last = session.scalar(select(func.max(Prompt.index)).where(Prompt.dataset_id == dataset.id))
    first = 0 if last is None else last + 1
    rows = lay_out_gathered(frame.config, frame.behavior, frame.behavior_id, found, first=first)
    prompts.store(session, [row | {"dataset_id": dataset.id} for row in rows])
    change = update(Dataset).where(Dataset.id == dataset.id).values(n_prompts=Dataset.n_prompts + len(rows))
    session.execute(change.execution_options(synchronize_session=False))


def queue_whole(session: Session, dataset: Dataset, config: DatasetConfig) -> None:
    """Queue the generating shards that can be filled with prompts that no shard holds yet."""
    first, last = _free(session, dataset.id)
    size = settings().shard_prompts
    queue(session, dataset, config, first=first, last=first + (last + 1 - first) // size * size - 1)


def queue_rest(session: Session, dataset: Dataset, config: DatasetConfig) -> None:
    """Queue generating shards for all prompts that no shard holds yet."""
    first, last = _free(session, dataset.id)
    queue(session, dataset, config, first=first, last=last)


def queue(session: Session, dataset: Dataset, config: DatasetConfig, *, first: int, last: int) -> None:
    """Queue the generating shards of the prompts with these indexes; of none when `last` is below `first`."""
    size = settings().shard_prompts
    spans = [(start, min(start + size - 1, last)) for start in range(first, last + 1, size)]
    common = {
        "project_id": dataset.project_id, "dataset_id": dataset.id, "run_id": None, "role": None,
        "stage": str(Stage.generate), "model": config.teacher.key, "priority": int(dataset.purpose == "preview"),
    }  # fmt: skip
    made: list[dict[str, Any]] = [
        common | {"first": start, "last": end, "total": (end - start + 1) * config.samples_per_prompt}
        for start, end in spans
    ]
    shards.add(session, made)


def _free(session: Session, dataset_id: str) -> tuple[int, int]:
    """(first, last) index of the prompts behind the last generating shard; evaluation prompts stand before them."""
    mine = Prompt.dataset_id == dataset_id
    held = session.scalar(
        select(func.max(Shard.last)).where(parents.of_dataset(dataset_id), Shard.stage == str(Stage.generate))
    )
    begin = select(Prompt.index).where(mine, Prompt.split != "evaluation").order_by(Prompt.index).limit(1)
    first = session.scalar(begin) if held is None else held + 1
    last = session.scalar(select(func.max(Prompt.index)).where(mine))
    return (0, -1) if first is None or last is None else (first, last)
