"""Pages by margin walk an index alone: it holds the scores beside the place of a pair."""

from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

WALKED = (
    ("ix_pair_dataset_id_id", ["dataset_id", "id"], ["score_chosen", "score_rejected"]),
    (
        "ix_pair_dataset_id_verdict_split_id",
        ["dataset_id", "verdict", "split", "id"],
        ["score_chosen", "score_rejected", "review"],
    ),
)


def upgrade() -> None:
    """Apply."""
    for name, columns, beside in WALKED:
        op.drop_index(name, table_name="pair")
        op.create_index(name, "pair", columns, postgresql_include=beside)


def downgrade() -> None:
    """Take back."""
    for name, columns, _ in WALKED:
        op.drop_index(name, table_name="pair")
        op.create_index(name, "pair", columns)
