"""Statements about rubrics: how a judge is to score answers."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.behavior import Rubric
from core.tables import Behavior, Dataset


def of_dataset(session: Session, id: str) -> dict[str, Rubric | None]:
    """The rubrics of a dataset's behaviors, by behavior id; None for one that has none."""
    ids = [item["id"] for item in session.scalars(select(Dataset.behaviors).where(Dataset.id == id)).one()]
    found = session.execute(select(Behavior.id, Behavior.body["rubric"]).where(Behavior.id.in_(ids)))
    return {row[0]: Rubric.model_validate(row[1]) if row[1] else None for row in found}
