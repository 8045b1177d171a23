"""Imported pairs need no behavior; a push names the secret that opens the hub."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Prompts without a behavior and pushes with a secret."""
    op.alter_column("prompt", "behavior_id", nullable=True)
    op.add_column("push", sa.Column("secret", sa.Text(), nullable=True))


def downgrade() -> None:
    """Datasets whose prompts have no behavior go."""
    op.drop_column("push", "secret")
    without = "(SELECT dataset_id FROM prompt WHERE behavior_id IS NULL)"
    op.execute(f"DELETE FROM run WHERE dataset_id IN {without}")
    op.execute(f"DELETE FROM dataset WHERE id IN {without}")
    op.alter_column("prompt", "behavior_id", nullable=False)
