"""Draft, critique and revision for one (prompt, sample)."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Serial, Table


class Chain(Table):
    """A failed chain keeps the turns it got to, with the turn that failed and why; an open one has its draft alone.

    Of the strategy counterfactual and of imported pairs, `revision` is the chosen answer and `draft` the rejected one.
    `more` holds the turns of earlier rounds and further candidates: {name, text, finish, tokens, prompt_tokens,
    cached_tokens, hit}. Of imported pairs it holds what their line said beside the texts: {name: origin, origin}.
    """

    __tablename__ = "chain"
    __table_args__ = (
        UniqueConstraint("prompt_id", "sample"),
        CheckConstraint("state IN ('open','done','failed')", name="state"),
        CheckConstraint("(state = 'failed') = (failure_reason IS NOT NULL)", name="failure"),
        CheckConstraint("state <> 'done' OR (draft IS NOT NULL AND revision IS NOT NULL)", name="whole"),
        Index(None, "dataset_id", "id"),
        Index("ix_chain_failed", "dataset_id", "id", postgresql_where=text("state = 'failed'")),
    )

    id: Mapped[Serial]
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id", ondelete="CASCADE"))
    sample: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    failure_turn: Mapped[str | None] = mapped_column(Text)  # draft, critique or revision
    failure_reason: Mapped[str | None] = mapped_column(Text)  # truncated, empty, too_long, template, ...
    draft: Mapped[str | None] = mapped_column(Text)
    critique: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[str | None] = mapped_column(Text)
    draft_tokens: Mapped[int] = mapped_column(server_default="0")
    critique_tokens: Mapped[int] = mapped_column(server_default="0")
    revision_tokens: Mapped[int] = mapped_column(server_default="0")
    prompt_tokens: Mapped[int] = mapped_column(server_default="0")  # of all turns together
    cached_tokens: Mapped[int] = mapped_column(server_default="0")  # of those, served by the prefix cache
    draft_finish: Mapped[str | None] = mapped_column(Text)
    critique_finish: Mapped[str | None] = mapped_column(Text)
    revision_finish: Mapped[str | None] = mapped_column(Text)
    hits: Mapped[int] = mapped_column(server_default="0")  # turns that the cache served
    paid_prompt_tokens: Mapped[int] = mapped_column(server_default="0")  # of the turns that the cache did not serve
    paid_tokens: Mapped[int] = mapped_column(server_default="0")
    usd: Mapped[float] = mapped_column(server_default="0")
    context: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB(none_as_null=True))  # trained on instead
    more: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    cleaned_chars: Mapped[int] = mapped_column(server_default="0")
    engine: Mapped[str] = mapped_column(Text)
    model_fingerprint: Mapped[str] = mapped_column(Text)
    template_hash: Mapped[str] = mapped_column(Text)
    seed: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[int] = mapped_column(BigInteger)  # the claim it was written under
    attempt: Mapped[int] = mapped_column(server_default="1")  # the claims its shard had by then
    seconds: Mapped[float]
    created_at: Mapped[Created]
