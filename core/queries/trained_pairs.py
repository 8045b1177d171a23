"""Statements about the pairs that runs are trained and validated on."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.queries import weights
from core.queries.rows import AnyRow
from core.tables import Chain, Pair, Prompt

STREAM_ROWS = 500


def for_training(session: Session, dataset_id: str, split: str) -> Iterator[AnyRow]:
    """(id, messages, chosen, rejected, score_chosen, score_rejected, weight) of a split's kept pairs, in prompt order.

    The messages are the chain's context where it has one of its own, else the prompt.
    """
    yield from session.execute(_as_trained(dataset_id, split).where(Pair.verdict == "kept"))


def anchors(session: Session, dataset_id: str) -> Iterator[AnyRow]:
    """Scored training pairs whose draft and revision are one text, as `for_training` gives pairs."""
    same = (Pair.reason == "identical", Pair.score_chosen.is_not(None))
    yield from session.execute(_as_trained(dataset_id, "train").where(*same))


def _as_trained(dataset_id: str, split: str) -> Any:
    messages = func.coalesce(Chain.context, Prompt.messages).label("messages")
    return (
        select(
            Pair.id, messages, Pair.chosen, Pair.rejected, Pair.score_chosen, Pair.score_rejected,
            weights.of_chain().label("weight"),
        )
        .join(Prompt, Prompt.id == Pair.prompt_id)
        .join(Chain, Chain.id == Pair.chain_id)
        .where(Pair.dataset_id == dataset_id, Pair.split == split)
        .order_by(Prompt.index, Chain.sample)
        .execution_options(yield_per=STREAM_ROWS)
    )  # fmt: skip


def trainable(session: Session, dataset_id: str) -> tuple[int, int]:
    """(kept pairs of the training split, those of them with both scores)."""
    statement = select(func.count(), func.count(Pair.score_chosen + Pair.score_rejected)).where(
        Pair.dataset_id == dataset_id, Pair.split == "train", Pair.verdict == "kept"
    )
    kept, scored = session.execute(statement).one()
    return int(kept), int(scored)


def validates(session: Session, dataset_id: str) -> bool:
    """Whether a kept pair is in the validation split."""
    kept = (Pair.dataset_id == dataset_id, Pair.split == "validation", Pair.verdict == "kept")
    return bool(session.scalar(select(select(Pair.id).where(*kept).exists())))
