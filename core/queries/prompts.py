"""Statements about prompts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from core.queries.rows import AnyRow
from core.tables import Behavior, Chain, Pair, Prompt

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


def quarantined(session: Session, dataset_id: str, *, after: int = 0, limit: int = 20) -> list[Prompt]:
    """Prompts that were taken out, behind the one with the id `after`, in their order."""
    statement = select(Prompt).where(_taken_out(dataset_id), Prompt.id > after).order_by(Prompt.id).limit(limit)
    return list(session.scalars(statement))


def count_quarantined(session: Session, dataset_id: str) -> int:
    """How many prompts were taken out."""
    return int(session.scalar(select(func.count()).select_from(Prompt).where(_taken_out(dataset_id))) or 0)


def _taken_out(dataset_id: str) -> ColumnElement[bool]:
    return and_(Prompt.dataset_id == dataset_id, Prompt.quarantined_at.is_not(None))


def held_out(session: Session, dataset_id: str) -> AnyRow:
    """(first, last, number) of the dataset's evaluation prompts; number 0 when the behaviors have none."""
    statement = select(func.min(Prompt.index), func.max(Prompt.index), func.count()).where(
        Prompt.dataset_id == dataset_id, Prompt.split == "evaluation"
    )
    return session.execute(statement).one()


def bare(prompt: type[Prompt] = Prompt) -> Any:
    """A prompt's messages before a template was laid over them."""
    return func.coalesce(prompt.plain, prompt.messages)


def evaluation_messages(session: Session, dataset_id: str) -> list[list[dict[str, str]]]:
    """The messages of every evaluation prompt of a dataset, without their templates."""
    return list(session.scalars(select(bare()).where(Prompt.dataset_id == dataset_id, Prompt.split == "evaluation")))


def generated(session: Session, dataset_id: str, *, kept: bool, after: int, limit: int) -> list[AnyRow]:
    """(position, messages, guard, tags, expect, system) of a dataset's prompts behind index `after`, in their order.

    Evaluation prompts are not among them. Messages are those before a template was laid over them; `system` is the
    system prompt of their behavior, if they have one. With `kept`, only prompts of which a pair was kept.
    """
    messages = bare().label("messages")
    system = Behavior.body["system"].as_string().label("system")
    statement = (
        select(Prompt.index.label("position"), messages, Prompt.guard, Prompt.tags, Prompt.expect, system)
        .outerjoin(Behavior, Behavior.id == Prompt.behavior_id)
        .where(_generated(dataset_id, kept=kept), Prompt.index > after)
        .order_by(Prompt.index)
        .limit(limit)
    )
    return list(session.execute(statement))


def count_generated(session: Session, dataset_id: str, *, kept: bool) -> int:
    """How many prompts `generated` gives in all."""
    statement = select(func.count()).select_from(Prompt).where(_generated(dataset_id, kept=kept))
    return int(session.scalar(statement) or 0)


def _generated(dataset_id: str, *, kept: bool) -> ColumnElement[bool]:
    mine = and_(Prompt.dataset_id == dataset_id, Prompt.split != "evaluation")
    pair = (
        select(Pair.id)
        .join(Chain, Chain.id == Pair.chain_id)
        .where(Chain.prompt_id == Prompt.id, Pair.verdict == "kept")
        .exists()
    )
    return and_(mine, pair) if kept else mine
