"""Base and tuned side by side on held-out prompts."""

from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Key, Moment, Table


class Evaluation(Table):
    """`summary` is null until every answer is judged."""

    __tablename__ = "evaluation"
    __table_args__ = (UniqueConstraint("run_id"),)

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Text)  # in_progress, completed
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[Created]
    completed_at: Mapped[Moment | None]
