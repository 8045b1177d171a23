"""A process that says it is there."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Key, Table


class Worker(Table):
    """`seen_at` is the last sign of life; `info` tells pid, loaded model, shards held."""

    __tablename__ = "worker"

    id: Mapped[Key]
    queue: Mapped[str] = mapped_column(Text)
    info: Mapped[Json]
    started_at: Mapped[Created]
    seen_at: Mapped[Created]
