"""A project owns everything else."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Key, Table

DEFAULT_PROJECT = "proj_default"


class Project(Table):
    """A tenant."""

    __tablename__ = "project"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[Created]
