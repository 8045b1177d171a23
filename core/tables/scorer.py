"""One of a dataset's scorers, with the scale of its scores."""

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Table


class Scorer(Table):
    """`minimum` and `maximum` are the declared scale, null where there is none; the rest is filled in at the end."""

    __tablename__ = "scorer"
    __table_args__ = (CheckConstraint("purpose IN ('reward','cost')", name="purpose"),)

    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int]  # 0: its scores stand on the pairs
    kind: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str | None] = mapped_column(Text)
    minimum: Mapped[float | None]
    maximum: Mapped[float | None]
    mean: Mapped[float | None]
    sd: Mapped[float | None]
    count: Mapped[int | None]
    missing: Mapped[int | None]
