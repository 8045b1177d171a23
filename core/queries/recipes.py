"""Statements about what the behaviors of a dataset tell its teacher."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.queries.datasets import Instructions
from core.tables import Behavior, Dataset


@dataclass(frozen=True)
class Recipe:
    """One version of a behavior, without its prompts."""

    id: str
    name: str
    version: int
    digest: str
    instructions: Instructions


def of_dataset(session: Session, dataset_id: str) -> dict[str, Recipe]:
    """By behavior id: the versions that the dataset was made with."""
    ids = [item["id"] for item in session.scalars(select(Dataset.behaviors).where(Dataset.id == dataset_id)).one()]
    statement = select(
        Behavior.id,
        Behavior.name,
        Behavior.version,
        Behavior.digest,
        Behavior.body["critique_instruction"].as_string(),
        Behavior.body["revision_instruction"].as_string(),
    ).where(Behavior.id.in_(ids))
    return {
        id: Recipe(id, name, version, digest, Instructions(critique, revision))
        for id, name, version, digest, critique, revision in session.execute(statement)
    }
