"""Our unit of work, retry and progress: a range of prompts at one stage, claimed under a lease."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Sequence, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.states import Queue, ShardState, Stage
from core.tables.base import Created, Moment, Serial, Table, one_of

FENCING = Sequence("fencing_token", metadata=Table.metadata, data_type=BigInteger)


class Shard(Table):
    """Prompts `first`..`last` (inclusive indexes) of a dataset at a stage; a run or evaluation has shards of its own.

    `token` fences: every write made under a claim checks it in the same transaction. `rung_at` says the doorbell
    was rung for the state it is in now.
    """

    __tablename__ = "shard"
    __table_args__ = (
        UniqueConstraint(
            "dataset_id", "run_id", "stage", "role", "model", "first", "last", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint(one_of("state", ShardState), name="state"),
        CheckConstraint(one_of("stage", Stage), name="stage"),
        CheckConstraint(one_of("queue", Queue), name="queue"),
        CheckConstraint("(state = 'running') = (lease_expires_at IS NOT NULL)", name="lease"),
        CheckConstraint("first <= last", name="range"),
        Index(
            "ix_shard_claim", "queue", "model", text("priority DESC"), "id", postgresql_where=text("state = 'queued'")
        ),
        Index("ix_shard_next", "queue", text("priority DESC"), "id", postgresql_where=text("state = 'queued'")),
        Index("ix_shard_unrung", "id", postgresql_where=text("state = 'queued' AND rung_at IS NULL")),
        Index("ix_shard_leased", "lease_expires_at", postgresql_where=text("state = 'running'")),
        Index(None, "run_id"),
    )

    id: Mapped[Serial]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id", ondelete="CASCADE"))
    run_id: Mapped[str | None] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text)
    role: Mapped[str | None] = mapped_column(Text)  # base or tuned, for the stages answer and judge
    model: Mapped[str] = mapped_column(Text)  # model or scorer of the stage: a worker prefers the one it has loaded
    first: Mapped[int]
    last: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    total: Mapped[int]  # rows to make
    completed: Mapped[int] = mapped_column(server_default="0")
    failed: Mapped[int] = mapped_column(server_default="0")
    tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")  # sampled for its rows
    prompt_tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")
    usd: Mapped[float] = mapped_column(server_default="0")
    hits: Mapped[int] = mapped_column(BigInteger, server_default="0")  # turns that the cache served
    reserved: Mapped[int] = mapped_column(server_default="0")  # rows begun under a budget and not stored yet
    priority: Mapped[int] = mapped_column(server_default="0")  # higher ones are claimed first
    waiting: Mapped[str | None] = mapped_column(Text)  # why it waits, with nobody to blame
    attempts: Mapped[int] = mapped_column(server_default="0")
    token: Mapped[int | None] = mapped_column(BigInteger)
    owner: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[Moment | None]
    available_at: Mapped[Created]  # not claimed before
    rung_at: Mapped[Moment | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Created]
    started_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
