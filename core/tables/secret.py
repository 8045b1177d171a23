"""A key to somebody else's door, kept encrypted; only workers open it."""

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Table


class Secret(Table):
    """`ciphertext` is sealed under a key that is not in the database (`core/sealing.py`)."""

    __tablename__ = "secret"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Created]
    updated_at: Mapped[Created]
