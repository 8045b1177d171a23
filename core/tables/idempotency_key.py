"""The first answer to a POST that carried an Idempotency-Key."""

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Table


class IdempotencyKey(Table):
    """`status` is null while the first request is in flight; answer and effect are committed together."""

    __tablename__ = "idempotency_key"
    __table_args__ = (CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    headers: Mapped[Json | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Created]
