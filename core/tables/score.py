"""A number a scorer gave to one answer; a missing score is a value too."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Serial, Table


class Score(Table):
    """Of a chain's draft or revision, or of an evaluation answer; `missing` says why there is no value."""

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("chain_id", "answer", "evaluation_answer_id", "scorer", postgresql_nulls_not_distinct=True),
        CheckConstraint("(chain_id IS NULL) <> (evaluation_answer_id IS NULL)", name="owner"),
        CheckConstraint("(chain_id IS NULL) = (answer IS NULL)", name="answer"),
        CheckConstraint(r"answer ~ '^(draft|revision(\.[0-9]+)?)$'", name="turn"),
        CheckConstraint("(value IS NULL) = (missing IS NOT NULL)", name="missing"),
        CheckConstraint("value = value AND abs(value) < 'infinity'", name="finite"),
        Index(None, "evaluation_answer_id"),
    )

    id: Mapped[Serial]
    chain_id: Mapped[int | None] = mapped_column(ForeignKey("chain.id", ondelete="CASCADE"))
    answer: Mapped[str | None] = mapped_column(Text)
    evaluation_answer_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation_answer.id", ondelete="CASCADE"))
    scorer: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(Text)
    value: Mapped[float | None]
    missing: Mapped[str | None] = mapped_column(Text)
    raw: Mapped[str | None] = mapped_column(Text)  # what a judge said
    created_at: Mapped[Created]
