"""Statements about prompts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core.queries.rows import AnyRow
from core.tables import Prompt

BATCH = 2_000


def store(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the prompts of a new dataset."""
    for start in range(0, len(rows), BATCH):
        session.execute(insert(Prompt), list(rows[start : start + BATCH]))


def quarantine(session: Session, dataset_id: str, index: int, *, error: str) -> None:
    """Take one prompt out of the work with its last error."""
    session.execute(
        update(Prompt)
        .where(Prompt.dataset_id == dataset_id, Prompt.index == index)
        .values(quarantined_at=func.clock_timestamp(), error=error)
        .execution_options(synchronize_session=False)
    )


def restore(session: Session, dataset_id: str, *, held_out: bool) -> None:
    """Put quarantined prompts back to work: those of the evaluation, or those of the dataset itself."""
    of_evaluation = Prompt.split == "evaluation"
    session.execute(
        update(Prompt)
        .where(Prompt.dataset_id == dataset_id, Prompt.quarantined_at.is_not(None))
        .where(of_evaluation if held_out else ~of_evaluation)
        .values(quarantined_at=None, error=None)
        .execution_options(synchronize_session=False)
    )


def quarantined(session: Session, dataset_id: str) -> list[Prompt]:
    """Prompts that were taken out, by index."""
    statement = (
        select(Prompt).where(Prompt.dataset_id == dataset_id, Prompt.quarantined_at.is_not(None)).order_by(Prompt.index)
    )
    return list(session.scalars(statement))


def held_out(session: Session, dataset_id: str) -> AnyRow:
    """(first, last, number) of the dataset's evaluation prompts; number 0 when the behaviors have none."""
    statement = select(func.min(Prompt.index), func.max(Prompt.index), func.count()).where(
        Prompt.dataset_id == dataset_id, Prompt.split == "evaluation"
    )
    return session.execute(statement).one()


def evaluation_words(session: Session, dataset_id: str) -> list[str]:
    """The user's last words of every evaluation prompt of a dataset."""
    last = Prompt.messages[-1]["content"].as_string()
    return list(session.scalars(select(last).where(Prompt.dataset_id == dataset_id, Prompt.split == "evaluation")))
