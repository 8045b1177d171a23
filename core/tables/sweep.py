"""Several runs under one id that differ in the swept fields alone."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Key, Table


class Sweep(Table):
    """`config` is the RunConfig that the grid is laid over; a run's `sweep_place` says which combination it is.

    `grid` is a list of `{"path", "values"}` in the order they were asked for, which a JSON object would not keep. Where
    a sweep stands follows from its runs (`core/states.py: of_sweep`).
    """

    __tablename__ = "sweep"
    __table_args__ = (Index(None, "project_id", "id"),)

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    config: Mapped[Json]
    grid: Mapped[list[dict[str, Any]]] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[Created]
