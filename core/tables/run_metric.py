"""One row of metrics of one step."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Table


class RunMetric(Table):
    """`kind` is train or validation; `values` maps a metric's name to a number or null."""

    __tablename__ = "run_metric"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[Json]
    created_at: Mapped[Created]
