"""One request that makes a dataset, runs a training on it and evaluates the result."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.states import DistillationState
from core.tables.base import Created, Json, Key, Moment, Table, one_of


class Distillation(Table):
    """`run_id` is filled in when the dataset completes."""

    __tablename__ = "distillation"
    __table_args__ = (
        CheckConstraint(one_of("state", DistillationState), name="state"),
        Index(None, "project_id", "id"),
    )

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    config: Mapped[Json]
    state: Mapped[str] = mapped_column(Text)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), unique=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("run.id"), unique=True)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Created]
    training_at: Mapped[Moment | None]
    evaluating_at: Mapped[Moment | None]
    succeeded_at: Mapped[Moment | None]
    failed_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
