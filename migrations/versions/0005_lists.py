"""Indexes of lists: dropped and reviewed pairs, margins, failed chains, prompts that were taken out."""

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PARTS = (
    ("ix_pair_dropped", "pair", ["dataset_id", "reason", "id"], "reason IS NOT NULL"),
    ("ix_pair_reviewed", "pair", ["dataset_id", "id"], "review IS NOT NULL"),
    ("ix_chain_failed", "chain", ["dataset_id", "id"], "state = 'failed'"),
    ("ix_prompt_quarantined", "prompt", ["dataset_id", "id"], "quarantined_at IS NOT NULL"),
)


def upgrade() -> None:
    """Apply."""
    for name, table, columns, where in PARTS:
        op.create_index(name, table, columns, postgresql_where=text(where))
    op.create_index("ix_pair_margin", "pair", ["dataset_id", text("(score_chosen - score_rejected)")])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_pair_margin", table_name="pair")
    for name, table, _, _ in PARTS:
        op.drop_index(name, table_name=table)
