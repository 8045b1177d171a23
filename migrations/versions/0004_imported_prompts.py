"""Imported pairs need no behavior; a push names the secret that opens the hub; what failed is found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Prompts without a behavior, pushes with a secret, indexes of the few that failed among a million."""
    op.alter_column("prompt", "behavior_id", nullable=True)
    op.add_column("push", sa.Column("secret", sa.Text(), nullable=True))
    quarantined, failed = sa.text("quarantined_at IS NOT NULL"), sa.text("state = 'failed'")
    op.create_index("ix_prompt_quarantined", "prompt", ["dataset_id", "index"], postgresql_where=quarantined)
    op.create_index("ix_chain_failed", "chain", ["dataset_id", "id"], postgresql_where=failed)


def downgrade() -> None:
    """Datasets whose prompts have no behavior go."""
    op.drop_index("ix_chain_failed", table_name="chain")
    op.drop_index("ix_prompt_quarantined", table_name="prompt")
    op.drop_column("push", "secret")
    without = "(SELECT dataset_id FROM prompt WHERE behavior_id IS NULL)"
    op.execute(f"DELETE FROM run WHERE dataset_id IN {without}")
    op.execute(f"DELETE FROM dataset WHERE id IN {without}")
    op.alter_column("prompt", "behavior_id", nullable=False)
