"""A dataset on its way to the Hugging Face hub."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Key, Moment, Table


class Push(Table):
    """`url` is where it can be read once it is done."""

    __tablename__ = "push"
    __table_args__ = (
        CheckConstraint("state IN ('queued','running','done','failed')", name="state"),
        CheckConstraint("format IN ('trl','openai','jsonl','parquet')", name="format"),
        Index(None, "dataset_id", "id"),
    )

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    repo: Mapped[str] = mapped_column(Text)
    private: Mapped[bool]
    format: Mapped[str] = mapped_column(Text)
    secret: Mapped[str | None] = mapped_column(Text)  # that holds the token; null: the operator's
    state: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Created]
    ended_at: Mapped[Moment | None]
