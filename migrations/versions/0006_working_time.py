"""Datasets say for how long they were worked on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of a dataset in work all time since its first claim counts, as it did before."""
    op.add_column("dataset", sa.Column("worked_seconds", sa.Float(), server_default="0", nullable=False))
    op.add_column("dataset", sa.Column("working_since", sa.DateTime(timezone=True), nullable=True))
    first = "SELECT min(started_at) FROM shard WHERE dataset_id = dataset.id AND run_id IS NULL AND stage <> 'gather'"
    op.execute(f"UPDATE dataset SET working_since = ({first}) WHERE state = 'in_progress'")


def downgrade() -> None:
    """They say so no more."""
    op.drop_column("dataset", "working_since")
    op.drop_column("dataset", "worked_seconds")
