"""One training the user asked for."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.states import RunState
from core.tables.base import Created, Json, Key, Moment, Table, one_of


class Run(Table):
    """`config` is the frozen RunConfig; `pause_asked` is read by the trainer at each step."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint(one_of("state", RunState), name="state"),
        CheckConstraint("(sweep_id IS NULL) = (sweep_place IS NULL)", name="sweep"),
        UniqueConstraint("sweep_id", "sweep_place"),
        Index(None, "project_id", "id"),
        Index(None, "dataset_id"),
    )

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    sweep_id: Mapped[str | None] = mapped_column(ForeignKey("sweep.id"))
    sweep_place: Mapped[int | None]  # which combination of the sweep's grid, from 0
    config: Mapped[Json]
    state: Mapped[str] = mapped_column(Text)
    pause_asked: Mapped[bool] = mapped_column(server_default="false")
    pause_reason: Mapped[str | None] = mapped_column(Text)  # asked, or disk_full (resumes by itself)
    step: Mapped[int] = mapped_column(server_default="0")
    total_steps: Mapped[int | None]
    step_seconds: Mapped[float | None]  # mean of the recent steps
    step_seconds_sd: Mapped[float | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")  # counts, tau, data hash, device
    artifact: Mapped[str | None] = mapped_column(Text)  # folder of the tuned model, under the data folder
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Created]
    preparing_at: Mapped[Moment | None]
    running_at: Mapped[Moment | None]
    evaluating_at: Mapped[Moment | None]
    succeeded_at: Mapped[Moment | None]
    failed_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    paused_at: Mapped[Moment | None]
