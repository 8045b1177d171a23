"""Statements about what the behaviors of a dataset tell its teacher."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.tables import Behavior, Dataset


@dataclass(frozen=True)
class Instructions:
    """The user turns of a behavior's chains."""

    critique: str
    revision: str


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
    statement = select(
        Behavior.id,
        Behavior.name,
        Behavior.version,
        Behavior.digest,
        Behavior.body["critique_instruction"].as_string(),
        Behavior.body["revision_instruction"].as_string(),
    ).where(Behavior.id.in_(_ids(session, dataset_id)))
    return {
        id: Recipe(id, name, version, digest, Instructions(critique, revision))
        for id, name, version, digest, critique, revision in session.execute(statement)
    }


def rules(session: Session, dataset_id: str) -> dict[str, str | None]:
    """The rule that judges each of the dataset's behaviors exactly, by behavior name; None where it names none."""
    named = select(Behavior.name, Behavior.body["rule"].as_string())
    return {row[0]: row[1] for row in session.execute(named.where(Behavior.id.in_(_ids(session, dataset_id))))}


def _ids(session: Session, dataset_id: str) -> list[str]:
    told = session.scalars(select(Dataset.behaviors).where(Dataset.id == dataset_id)).one()
    return [item["id"] for item in told]
