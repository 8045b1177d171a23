"""Chosen and rejected with their scores, and the verdict of the filters."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, query_expression

from core.tables.base import Created, Key, Table

SCORES = ["score_chosen", "score_rejected"]  # beside the place of a pair: a page by margin reads no row but its own


class Pair(Table):
    """A revision chosen, the draft rejected, whatever the scores say; a dropped pair keeps its reason."""

    __tablename__ = "pair"
    __table_args__ = (
        UniqueConstraint("chain_id"),
        CheckConstraint("verdict IN ('kept','dropped')", name="verdict"),
        CheckConstraint("(verdict = 'dropped') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("review IN ('accepted','rejected','swapped','edited')", name="review"),
        CheckConstraint("(duplicate_of IS NULL) = (similarity IS NULL)", name="duplicate"),
        CheckConstraint("split IN ('train','validation')", name="split"),
        Index(None, "dataset_id", "id", postgresql_include=SCORES),
        Index(None, "dataset_id", "verdict", "split", "id", postgresql_include=[*SCORES, "review"]),
        Index("ix_pair_dropped", "dataset_id", "reason", "id", postgresql_where=text("reason IS NOT NULL")),
        Index("ix_pair_reviewed", "dataset_id", "id", postgresql_where=text("review IS NOT NULL")),
        Index("ix_pair_margin", "dataset_id", text("(score_chosen - score_rejected)")),
    )

    id: Mapped[Key]
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id", ondelete="CASCADE"))
    chain_id: Mapped[int] = mapped_column(ForeignKey("chain.id", ondelete="CASCADE"))
    split: Mapped[str] = mapped_column(Text)
    chosen: Mapped[str] = mapped_column(Text)
    rejected: Mapped[str] = mapped_column(Text)
    scorer: Mapped[str] = mapped_column(Text)
    score_chosen: Mapped[float | None]
    score_rejected: Mapped[float | None]
    chosen_answer: Mapped[str | None] = mapped_column(Text)  # which answer of the chain it is; null once edited
    rejected_answer: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    duplicate_of: Mapped[str | None] = mapped_column(Text)  # the pair it repeats, and how much of it
    similarity: Mapped[float | None]
    review: Mapped[str | None] = mapped_column(Text)  # a person's word, which outlives the filters
    created_at: Mapped[Created]
    told: Mapped[list[dict[str, Any]] | None] = query_expression()  # by every scorer, where it is asked for
