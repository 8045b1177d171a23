"""A versioned recipe."""

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Key, Table


class Behavior(Table):
    """`body` is the BehaviorSpec; the same name with another digest is the next version."""

    __tablename__ = "behavior"
    __table_args__ = (UniqueConstraint("project_id", "name", "version"),)

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(Text)
    body: Mapped[Json]
    created_at: Mapped[Created]
