"""Loss and margin of a pair under the tuned model of a run."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Table


class PairLoss(Table):
    """`loss` is what the pair adds to the loss, before its weight; `margin` is the implicit rewards' difference.

    Both are finite. A split is listed by an index in either order.
    """

    __tablename__ = "pair_loss"
    __table_args__ = (
        CheckConstraint("split IN ('train','validation')", name="split"),
        Index("ix_pair_loss_loss", "run_id", "split", "loss", "pair_id"),
        Index("ix_pair_loss_margin", "run_id", "split", "margin", "pair_id"),
    )

    pair_id: Mapped[str] = mapped_column(ForeignKey("pair.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    split: Mapped[str] = mapped_column(Text)
    loss: Mapped[float]
    margin: Mapped[float]
    created_at: Mapped[Created]
