"""The first tables: every noun of `core.tables`, the sequence of fencing tokens, and the default project."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make everything."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("fencing_token", data_type=sa.BigInteger())))
    op.create_table(
        "project",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name", name=op.f("uq_project_name")),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("info", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("scopes <@ ARRAY['read','write','admin']", name=op.f("ck_api_key_scopes")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_api_key_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
    )
    op.create_table(
        "behavior",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_behavior_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_behavior")),
        sa.UniqueConstraint("project_id", "name", "version", name=op.f("uq_behavior_project_id_name_version")),
    )
    op.create_table(
        "dataset",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("behaviors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("n_prompts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("in_progress_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finalizing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('validating', 'in_progress', 'finalizing', 'completed', 'failed', 'cancelling', 'cancelled', 'paused')",
            name=op.f("ck_dataset_state"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_dataset_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
    )
    op.create_index(op.f("ix_dataset_project_id_id"), "dataset", ["project_id", "id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("level IN ('info','warn','error')", name=op.f("ck_event_level")),
        sa.CheckConstraint("type IN ('message','metrics')", name=op.f("ck_event_type")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_event_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_subject_id"), "event", ["subject", "id"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name=op.f("ck_idempotency_key_answered")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_idempotency_key_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "prompt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("behavior_id", sa.Text(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("messages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("guard", sa.Boolean(), nullable=False),
        sa.Column("tags", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("expect", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("split IN ('train','validation','evaluation')", name=op.f("ck_prompt_split")),
        sa.ForeignKeyConstraint(["behavior_id"], ["behavior.id"], name=op.f("fk_prompt_behavior_id_behavior")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_prompt_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.UniqueConstraint("dataset_id", "index", name=op.f("uq_prompt_dataset_id_index")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pause_asked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_steps", sa.Integer(), nullable=True),
        sa.Column("step_seconds", sa.Double(), nullable=True),
        sa.Column("step_seconds_sd", sa.Double(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("artifact", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("preparing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("running_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evaluating_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'preparing', 'running', 'evaluating', 'succeeded', 'failed', 'cancelled', 'paused')",
            name=op.f("ck_run_state"),
        ),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_run_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_run_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_dataset_id"), "run", ["dataset_id"], unique=False)
    op.create_index(op.f("ix_run_project_id_id"), "run", ["project_id", "id"], unique=False)
    op.create_table(
        "chain",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("prompt_id", sa.BigInteger(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failure_turn", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("critique", sa.Text(), nullable=True),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("draft_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("critique_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cached_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("draft_finish", sa.Text(), nullable=True),
        sa.Column("critique_finish", sa.Text(), nullable=True),
        sa.Column("revision_finish", sa.Text(), nullable=True),
        sa.Column("cleaned_chars", sa.Integer(), server_default="0", nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("model_fingerprint", sa.Text(), nullable=False),
        sa.Column("template_hash", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(state = 'failed') = (failure_reason IS NOT NULL)", name=op.f("ck_chain_failure")),
        sa.CheckConstraint(
            "state = 'failed' OR (draft IS NOT NULL AND revision IS NOT NULL)", name=op.f("ck_chain_whole")
        ),
        sa.CheckConstraint("state IN ('done','failed')", name=op.f("ck_chain_state")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_chain_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompt.id"], name=op.f("fk_chain_prompt_id_prompt"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain")),
        sa.UniqueConstraint("prompt_id", "sample", name=op.f("uq_chain_prompt_id_sample")),
    )
    op.create_index(op.f("ix_chain_dataset_id_id"), "chain", ["dataset_id", "id"], unique=False)
    op.create_table(
        "checkpoint",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("metrics", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("damaged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_checkpoint_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
        sa.UniqueConstraint("run_id", "step", "token", name=op.f("uq_checkpoint_run_id_step_token")),
    )
    op.create_table(
        "distillation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("training_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evaluating_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('generating', 'training', 'evaluating', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_distillation_state"),
        ),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_distillation_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_distillation_project_id_project")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_distillation_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distillation")),
        sa.UniqueConstraint("dataset_id", name=op.f("uq_distillation_dataset_id")),
        sa.UniqueConstraint("run_id", name=op.f("uq_distillation_run_id")),
    )
    op.create_index(op.f("ix_distillation_project_id_id"), "distillation", ["project_id", "id"], unique=False)
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("summary", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_evaluation_project_id_project")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_evaluation_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("run_id", name=op.f("uq_evaluation_run_id")),
    )
    op.create_table(
        "run_metric",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("values", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_metric_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "kind", "step", name=op.f("pk_run_metric")),
    )
    op.create_table(
        "shard",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "available_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'running') = (lease_expires_at IS NOT NULL)", name=op.f("ck_shard_lease")),
        sa.CheckConstraint("queue IN ('generate', 'score', 'train')", name=op.f("ck_shard_queue")),
        sa.CheckConstraint(
            "stage IN ('generate', 'score', 'pair', 'train', 'answer', 'judge')", name=op.f("ck_shard_stage")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'paused', 'done', 'halved', 'quarantined', 'cancelled')",
            name=op.f("ck_shard_state"),
        ),
        sa.CheckConstraint("first <= last", name=op.f("ck_shard_range")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_shard_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_shard_project_id_project")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_shard_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shard")),
        sa.UniqueConstraint(
            "dataset_id",
            "run_id",
            "stage",
            "role",
            "model",
            "first",
            "last",
            name=op.f("uq_shard_dataset_id_run_id_stage_role_model_first_last"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_shard_claim", "shard", ["queue", "model", "id"], unique=False, postgresql_where=sa.text("state = 'queued'")
    )
    op.create_index(
        "ix_shard_leased", "shard", ["lease_expires_at"], unique=False, postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(op.f("ix_shard_run_id"), "shard", ["run_id"], unique=False)
    op.create_index(
        "ix_shard_unrung",
        "shard",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND rung_at IS NULL"),
    )
    op.create_table(
        "evaluation_answer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("evaluation_id", sa.Text(), nullable=False),
        sa.Column("prompt_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("finish", sa.Text(), nullable=False),
        sa.Column("model_fingerprint", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("role IN ('base','tuned')", name=op.f("ck_evaluation_answer_role")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluation.id"],
            name=op.f("fk_evaluation_answer_evaluation_id_evaluation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompt.id"], name=op.f("fk_evaluation_answer_prompt_id_prompt"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_answer")),
        sa.UniqueConstraint(
            "evaluation_id",
            "prompt_id",
            "role",
            "sample",
            name=op.f("uq_evaluation_answer_evaluation_id_prompt_id_role_sample"),
        ),
    )
    op.create_table(
        "pair",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("prompt_id", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("rejected", sa.Text(), nullable=False),
        sa.Column("scorer", sa.Text(), nullable=False),
        sa.Column("score_chosen", sa.Double(), nullable=True),
        sa.Column("score_rejected", sa.Double(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("(verdict = 'dropped') = (reason IS NOT NULL)", name=op.f("ck_pair_reason")),
        sa.CheckConstraint("split IN ('train','validation')", name=op.f("ck_pair_split")),
        sa.CheckConstraint("verdict IN ('kept','dropped')", name=op.f("ck_pair_verdict")),
        sa.ForeignKeyConstraint(["chain_id"], ["chain.id"], name=op.f("fk_pair_chain_id_chain"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_pair_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompt.id"], name=op.f("fk_pair_prompt_id_prompt"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
        sa.UniqueConstraint("chain_id", name=op.f("uq_pair_chain_id")),
    )
    op.create_index(op.f("ix_pair_dataset_id_id"), "pair", ["dataset_id", "id"], unique=False)
    op.create_table(
        "reference_log_prob",
        sa.Column("pair_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Double(), nullable=False),
        sa.Column("rejected", sa.Double(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["pair_id"], ["pair.id"], name=op.f("fk_reference_log_prob_pair_id_pair"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pair_id", "fingerprint", name=op.f("pk_reference_log_prob")),
    )
    op.create_table(
        "score",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("evaluation_answer_id", sa.BigInteger(), nullable=True),
        sa.Column("scorer", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("missing", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("answer IN ('draft','revision')", name=op.f("ck_score_turn")),
        sa.CheckConstraint("value = value AND abs(value) < 'infinity'", name=op.f("ck_score_finite")),
        sa.CheckConstraint("(chain_id IS NULL) <> (evaluation_answer_id IS NULL)", name=op.f("ck_score_owner")),
        sa.CheckConstraint("(chain_id IS NULL) = (answer IS NULL)", name=op.f("ck_score_answer")),
        sa.CheckConstraint("(value IS NULL) = (missing IS NOT NULL)", name=op.f("ck_score_missing")),
        sa.ForeignKeyConstraint(["chain_id"], ["chain.id"], name=op.f("fk_score_chain_id_chain"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["evaluation_answer_id"],
            ["evaluation_answer.id"],
            name=op.f("fk_score_evaluation_answer_id_evaluation_answer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
        sa.UniqueConstraint(
            "chain_id",
            "answer",
            "evaluation_answer_id",
            "scorer",
            name=op.f("uq_score_chain_id_answer_evaluation_answer_id_scorer"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_score_evaluation_answer_id"), "score", ["evaluation_answer_id"], unique=False)

    op.execute("INSERT INTO project (id, name) VALUES ('proj_default', 'default')")


def downgrade() -> None:
    """Remove everything."""
    op.drop_index(op.f("ix_score_evaluation_answer_id"), table_name="score")
    op.drop_table("score")
    op.drop_table("reference_log_prob")
    op.drop_index(op.f("ix_pair_dataset_id_id"), table_name="pair")
    op.drop_table("pair")
    op.drop_table("evaluation_answer")
    op.drop_index(
        "ix_shard_unrung", table_name="shard", postgresql_where=sa.text("state = 'queued' AND rung_at IS NULL")
    )
    op.drop_index(op.f("ix_shard_run_id"), table_name="shard")
    op.drop_index("ix_shard_leased", table_name="shard", postgresql_where=sa.text("state = 'running'"))
    op.drop_index("ix_shard_claim", table_name="shard", postgresql_where=sa.text("state = 'queued'"))
    op.drop_table("shard")
    op.drop_table("run_metric")
    op.drop_table("evaluation")
    op.drop_index(op.f("ix_distillation_project_id_id"), table_name="distillation")
    op.drop_table("distillation")
    op.drop_table("checkpoint")
    op.drop_index(op.f("ix_chain_dataset_id_id"), table_name="chain")
    op.drop_table("chain")
    op.drop_index(op.f("ix_run_project_id_id"), table_name="run")
    op.drop_index(op.f("ix_run_dataset_id"), table_name="run")
    op.drop_table("run")
    op.drop_table("prompt")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_event_subject_id"), table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_dataset_project_id_id"), table_name="dataset")
    op.drop_table("dataset")
    op.drop_table("behavior")
    op.drop_table("api_key")
    op.drop_table("worker")
    op.drop_table("project")
    op.execute(sa.schema.DropSequence(sa.Sequence("fencing_token")))
