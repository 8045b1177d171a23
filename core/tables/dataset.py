"""What a user asked for: behaviors, a teacher, a reward model, a number of prompts and samples."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.states import DatasetState
from core.tables.base import Created, Json, Key, Moment, Table, one_of


class Dataset(Table):
    """`config` is the frozen DatasetConfig; each state's `*_at` is the moment it was first entered."""

    __tablename__ = "dataset"
    __table_args__ = (
        CheckConstraint(one_of("state", DatasetState), name="state"),
        CheckConstraint("purpose IN ('dataset','preview')", name="purpose"),
        CheckConstraint("stopped IN ('tokens','usd','seconds')", name="stopped"),
        Index(None, "project_id", "id"),
    )

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    config: Mapped[Json]
    behaviors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)  # [{id, name, version}]
    state: Mapped[str] = mapped_column(Text)
    n_prompts: Mapped[int]  # generated ones, the evaluation prompts apart
    purpose: Mapped[str] = mapped_column(Text, server_default="dataset")  # or preview, which lists leave out
    stopped: Mapped[str | None] = mapped_column(Text)  # the budget that ended it: tokens, usd or seconds
    filters: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # in force since a re-run
    counts: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True)
    )  # of its pairs, kept with every write
    error: Mapped[str | None] = mapped_column(Text)
    worked_seconds: Mapped[float] = mapped_column(server_default="0")  # in which a shard was held, until working_since
    working_since: Mapped[Moment | None]  # since when one is held; null while none is
    created_at: Mapped[Created]
    in_progress_at: Mapped[Moment | None]
    finalizing_at: Mapped[Moment | None]
    completed_at: Mapped[Moment | None]
    failed_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    paused_at: Mapped[Moment | None]
