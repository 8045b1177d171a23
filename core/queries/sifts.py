"""Statements about the shard that runs the filters over a whole dataset."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.queries import parents, shards
from core.states import Stage
from core.tables import Dataset, Shard


def queue(session: Session, dataset: Dataset, *, total: int) -> None:
    """One shard over the whole dataset; it counts pairs."""
    row = {"project_id": dataset.project_id, "dataset_id": dataset.id, "run_id": None, "role": None, "model": "filters"}
    span = {"stage": str(Stage.sift), "first": 0, "last": max(dataset.n_prompts - 1, 0), "total": total}
    shards.add(session, [row | span | {"priority": int(dataset.purpose == "preview")}])


def begun(session: Session, dataset_id: str) -> bool:
    """Whether there is such a shard, whatever became of it."""
    statement = select(Shard.id).where(parents.of_dataset(dataset_id), Shard.stage == str(Stage.sift)).limit(1)
    return session.scalar(statement) is not None
