"""What generating, scoring and keeping pairs needs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEW = (
    ("prompt", "distribution", "distribution IN ('in','out')"),
    ("prompt", "wrapped", "(wrapper IS NULL) = (plain IS NULL)"),
    ("pair", "review", "review IN ('accepted','rejected','swapped','edited')"),
    ("pair", "duplicate", "(duplicate_of IS NULL) = (similarity IS NULL)"),
    ("dataset", "purpose", "purpose IN ('dataset','preview')"),
    ("dataset", "stopped", "stopped IN ('tokens','usd','seconds')"),
)
CHANGED = (  # table, check, before, after
    ("chain", "state", "state IN ('done','failed')", "state IN ('open','done','failed')"),
    (
        "chain",
        "whole",
        "state = 'failed' OR (draft IS NOT NULL AND revision IS NOT NULL)",
        "state <> 'done' OR (draft IS NOT NULL AND revision IS NOT NULL)",
    ),
    ("score", "turn", "answer IN ('draft','revision')", r"answer ~ '^(draft|revision(\.[0-9]+)?)$'"),
    (
        "shard",
        "stage",
        "stage IN ('generate', 'score', 'pair', 'train', 'answer', 'judge')",
        "stage IN ('gather', 'grow', 'generate', 'score', 'pair', 'sift', 'push', 'train', 'answer', 'judge')",
    ),
)


def upgrade() -> None:
    """Secrets, files, cached turns, reviews, scorers, pushes, and the columns that go with them."""
    op.create_table(
        "cached_turn",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("token_ids", sa.LargeBinary(), nullable=True),
        sa.Column("finish", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("model_fingerprint", sa.Text(), nullable=False),
        sa.Column("hits", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_cached_turn_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "key", name=op.f("pk_cached_turn")),
    )
    op.create_index(op.f("ix_cached_turn_used_at"), "cached_turn", ["used_at"], unique=False)
    op.create_table(
        "file",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("format IN ('trl','openai','jsonl','parquet')", name=op.f("ck_file_format")),
        sa.CheckConstraint("purpose IN ('prompts','pairs')", name=op.f("ck_file_purpose")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_file_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
    )
    op.create_index(op.f("ix_file_project_id_id"), "file", ["project_id", "id"], unique=False)
    op.create_table(
        "secret",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_secret_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_secret")),
    )
    op.create_table(
        "push",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("repo", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("format IN ('trl','openai','jsonl','parquet')", name=op.f("ck_push_format")),
        sa.CheckConstraint("state IN ('queued','running','done','failed')", name=op.f("ck_push_state")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_push_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_push_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push")),
    )
    op.create_index(op.f("ix_push_dataset_id_id"), "push", ["dataset_id", "id"], unique=False)
    op.create_table(
        "scorer",
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("minimum", sa.Double(), nullable=True),
        sa.Column("maximum", sa.Double(), nullable=True),
        sa.Column("mean", sa.Double(), nullable=True),
        sa.Column("sd", sa.Double(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("missing", sa.Integer(), nullable=True),
        sa.CheckConstraint("purpose IN ('reward','cost')", name=op.f("ck_scorer_purpose")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_scorer_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "name", name=op.f("pk_scorer")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pair_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("reviewer_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("action IN ('accept','reject','swap','edit')", name=op.f("ck_review_action")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_review_pair_id_pair"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reviewer"], ["api_key.id"], name=op.f("fk_review_reviewer_api_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_pair_id_id"), "review", ["pair_id", "id"], unique=False)
    op.add_column("chain", sa.Column("hits", sa.Integer(), server_default="0", nullable=False))
    op.add_column("chain", sa.Column("paid_prompt_tokens", sa.Integer(), server_default="0", nullable=False))
    op.add_column("chain", sa.Column("paid_tokens", sa.Integer(), server_default="0", nullable=False))
    op.add_column("chain", sa.Column("usd", sa.Double(), server_default="0", nullable=False))
    op.add_column(
        "chain", sa.Column("context", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "chain", sa.Column("more", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
    )
    op.add_column("chain", sa.Column("attempt", sa.Integer(), server_default="1", nullable=False))
    op.add_column("dataset", sa.Column("purpose", sa.Text(), server_default="dataset", nullable=False))
    op.add_column("dataset", sa.Column("stopped", sa.Text(), nullable=True))
    op.add_column(
        "dataset", sa.Column("filters", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "dataset", sa.Column("counts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("pair", sa.Column("chosen_answer", sa.Text(), nullable=True))
    op.add_column("pair", sa.Column("rejected_answer", sa.Text(), nullable=True))
    op.add_column("pair", sa.Column("duplicate_of", sa.Text(), nullable=True))
    op.add_column("pair", sa.Column("similarity", sa.Double(), nullable=True))
    op.add_column("pair", sa.Column("review", sa.Text(), nullable=True))
    op.create_index(
        op.f("ix_pair_dataset_id_verdict_split_id"), "pair", ["dataset_id", "verdict", "split", "id"], unique=False
    )
    op.add_column("prompt", sa.Column("wrapper", sa.Text(), nullable=True))
    op.add_column("prompt", sa.Column("distribution", sa.Text(), nullable=True))
    op.add_column(
        "prompt", sa.Column("plain", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("score", sa.Column("raw", sa.Text(), nullable=True))
    op.add_column("shard", sa.Column("prompt_tokens", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("shard", sa.Column("usd", sa.Double(), server_default="0", nullable=False))
    op.add_column("shard", sa.Column("hits", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("shard", sa.Column("reserved", sa.Integer(), server_default="0", nullable=False))
    op.add_column("shard", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column("shard", sa.Column("waiting", sa.Text(), nullable=True))
    op.drop_index(op.f("ix_shard_claim"), table_name="shard", postgresql_where="(state = 'queued'::text)")
    op.create_index(
        "ix_shard_claim",
        "shard",
        ["queue", "model", sa.literal_column("priority DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.execute("UPDATE pair SET chosen_answer = 'revision', rejected_answer = 'draft'")
    for table, name, condition in NEW:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    for table, name, _, after in CHANGED:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, after)


def downgrade() -> None:
    """Take back; what only this revision can hold is lost."""
    op.execute("DELETE FROM chain WHERE state = 'open'")
    op.execute("DELETE FROM score WHERE answer NOT IN ('draft','revision')")
    op.execute("DELETE FROM shard WHERE stage IN ('gather','grow','sift','push')")
    for table, name, before, _ in CHANGED:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, before)
    for table, name, _ in NEW:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.drop_index("ix_shard_claim", table_name="shard", postgresql_where=sa.text("state = 'queued'"))
    op.create_index(
        op.f("ix_shard_claim"),
        "shard",
        ["queue", "model", "id"],
        unique=False,
        postgresql_where="(state = 'queued'::text)",
    )
    op.drop_column("shard", "waiting")
    op.drop_column("shard", "priority")
    op.drop_column("shard", "reserved")
    op.drop_column("shard", "hits")
    op.drop_column("shard", "usd")
    op.drop_column("shard", "prompt_tokens")
    op.drop_column("score", "raw")
    op.drop_column("prompt", "plain")
    op.drop_column("prompt", "distribution")
    op.drop_column("prompt", "wrapper")
    op.drop_index(op.f("ix_pair_dataset_id_verdict_split_id"), table_name="pair")
    op.drop_column("pair", "review")
    op.drop_column("pair", "similarity")
    op.drop_column("pair", "duplicate_of")
    op.drop_column("pair", "rejected_answer")
    op.drop_column("pair", "chosen_answer")
    op.drop_column("dataset", "counts")
    op.drop_column("dataset", "filters")
    op.drop_column("dataset", "stopped")
    op.drop_column("dataset", "purpose")
    op.drop_column("chain", "attempt")
    op.drop_column("chain", "more")
    op.drop_column("chain", "context")
    op.drop_column("chain", "usd")
    op.drop_column("chain", "paid_tokens")
    op.drop_column("chain", "paid_prompt_tokens")
    op.drop_column("chain", "hits")
    op.drop_index(op.f("ix_review_pair_id_id"), table_name="review")
    op.drop_table("review")
    op.drop_table("scorer")
    op.drop_index(op.f("ix_push_dataset_id_id"), table_name="push")
    op.drop_table("push")
    op.drop_table("secret")
    op.drop_index(op.f("ix_file_project_id_id"), table_name="file")
    op.drop_table("file")
    op.drop_index(op.f("ix_cached_turn_used_at"), table_name="cached_turn")
    op.drop_table("cached_turn")
