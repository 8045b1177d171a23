"""An answer a model gave once: asked for again in the same way, it is not sampled again."""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Table


class CachedTurn(Table):
    """`key` is SHA-256 of model fingerprint, template, sampling, messages, seed and sample index."""

    __tablename__ = "cached_turn"
    __table_args__ = (Index(None, "used_at"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    token_ids: Mapped[bytes | None] = mapped_column(LargeBinary)  # int32, little-endian; null for endpoints
    finish: Mapped[str] = mapped_column(Text)
    tokens: Mapped[int]
    prompt_tokens: Mapped[int]
    model_fingerprint: Mapped[str] = mapped_column(Text)
    hits: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[Created]
    used_at: Mapped[Created]
