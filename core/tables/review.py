"""What a person decided about a pair."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Key, Table


class Review(Table):
    """The history of a pair: the original is the `before` of its first review."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("action IN ('accept','reject','swap','edit')", name="action"),
        Index(None, "pair_id", "id"),
    )

    id: Mapped[Key]
    pair_id: Mapped[str] = mapped_column(ForeignKey("pair.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(Text)
    reviewer: Mapped[str] = mapped_column(ForeignKey("api_key.id"))
    reviewer_name: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    before: Mapped[Json]
    after: Mapped[Json]
    created_at: Mapped[Created]
