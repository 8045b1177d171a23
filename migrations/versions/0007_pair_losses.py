"""Loss and margin of every pair under a run's tuned model."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pair_loss",
        sa.Column("pair_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("split IN ('train','validation')", name=op.f("ck_pair_loss_split")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_pair_loss_pair_id_pair"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_pair_loss_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pair_id", "run_id", name=op.f("pk_pair_loss")),
    )
    for order in ("loss", "margin"):
        op.create_index(f"ix_pair_loss_{order}", "pair_loss", ["run_id", "split", order, "pair_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("pair_loss")
