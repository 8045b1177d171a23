"""Log-probs of a pair under reference weights: computed once, reused by every later run."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Table


class ReferenceLogProb(Table):
    """Sums over answer tokens; `fingerprint` hashes reference weights, template, truncation and dtype."""

    __tablename__ = "reference_log_prob"

    pair_id: Mapped[str] = mapped_column(ForeignKey("pair.id", ondelete="CASCADE"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text, primary_key=True)
    chosen: Mapped[float]
    rejected: Mapped[float]
    created_at: Mapped[Created]
