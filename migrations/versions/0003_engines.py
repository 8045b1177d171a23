"""An index for claims that prefer no model: the next shard of a queue by its priority."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_shard_next",
        "shard",
        ["queue", sa.literal_column("priority DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_shard_next", table_name="shard", postgresql_where=sa.text("state = 'queued'"))
