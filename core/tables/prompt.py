"""One conversation the teacher answers."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Json, Moment, Serial, Table


class Prompt(Table):
    """Its index in its dataset, its split; `guard` marks a harmless lookalike."""

    __tablename__ = "prompt"
    __table_args__ = (
        UniqueConstraint("dataset_id", "index"),
        CheckConstraint("distribution IN ('in','out')", name="distribution"),
        CheckConstraint("(wrapper IS NULL) = (plain IS NULL)", name="wrapped"),
        CheckConstraint("split IN ('train','validation','evaluation')", name="split"),
        Index("ix_prompt_quarantined", "dataset_id", "id", postgresql_where=text("quarantined_at IS NOT NULL")),
    )

    id: Mapped[Serial]
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    behavior_id: Mapped[str | None] = mapped_column(ForeignKey("behavior.id"))  # imported pairs may have none
    index: Mapped[int]
    split: Mapped[str] = mapped_column(Text)
    messages: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    guard: Mapped[bool]
    wrapper: Mapped[str | None] = mapped_column(Text)  # name of the template that the user's words stand in
    distribution: Mapped[str | None] = mapped_column(Text)  # in, or out for templates that are never trained on
    plain: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB(none_as_null=True))  # before it was wrapped
    tags: Mapped[Json]
    expect: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    quarantined_at: Mapped[Moment | None]
    error: Mapped[str | None] = mapped_column(Text)
