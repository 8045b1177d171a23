"""Sweeps: several runs under one id."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sweep",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("config", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("grid", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_sweep_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    op.create_index(op.f("ix_sweep_project_id_id"), "sweep", ["project_id", "id"])
    op.add_column("run", sa.Column("sweep_id", sa.Text(), nullable=True))
    op.add_column("run", sa.Column("sweep_place", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_run_sweep_id_sweep"), "run", "sweep", ["sweep_id"], ["id"])
    op.create_unique_constraint(op.f("uq_run_sweep_id_sweep_place"), "run", ["sweep_id", "sweep_place"])
    op.create_check_constraint(op.f("ck_run_sweep"), "run", "(sweep_id IS NULL) = (sweep_place IS NULL)")


def downgrade() -> None:
    """Take back; the runs of sweeps stay as runs of their own."""
    op.drop_column("run", "sweep_place")
    op.drop_column("run", "sweep_id")
    op.drop_index(op.f("ix_sweep_project_id_id"), table_name="sweep")
    op.drop_table("sweep")
