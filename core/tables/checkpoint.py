"""A published checkpoint of a run."""

from sqlalchemy import BigInteger, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Key, Moment, Table


class Checkpoint(Table):
    """`path` is relative to the data folder; `manifest_sha256` is the hash of its manifest file."""

    __tablename__ = "checkpoint"
    __table_args__ = (UniqueConstraint("run_id", "step", "token"),)

    id: Mapped[Key]
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    step: Mapped[int]
    path: Mapped[str] = mapped_column(Text)
    manifest_sha256: Mapped[str] = mapped_column(Text)
    metrics: Mapped[Json]
    token: Mapped[int] = mapped_column(BigInteger)
    damaged_at: Mapped[Moment | None]
    removed_at: Mapped[Moment | None]  # its files made room for newer ones
    created_at: Mapped[Created]
