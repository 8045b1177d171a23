"""A key that opens the door; only its hash is stored."""

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Key, Moment, Table


class ApiKey(Table):
    """`hash` is SHA-256 of the whole key; scopes are a subset of read, write, admin."""

    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint("scopes <@ ARRAY['read','write','admin']", name="scopes"),)

    id: Mapped[Key]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
