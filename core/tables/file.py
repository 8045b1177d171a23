"""An uploaded file of prompts or pairs."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Key, Moment, Table


class File(Table):
    """`path` is relative to the data folder; every line was checked when it came."""

    __tablename__ = "file"
    __table_args__ = (
        CheckConstraint("purpose IN ('prompts','pairs')", name="purpose"),
        CheckConstraint("format IN ('trl','openai','jsonl','parquet')", name="format"),
        Index(None, "project_id", "id"),
    )

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    purpose: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Created]
    removed_at: Mapped[Moment | None]
