"""One answer of one of the two models to one held-out prompt."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Serial, Table


class EvaluationAnswer(Table):
    """`role` is base or tuned; a failed answer keeps its reason and has no score."""

    __tablename__ = "evaluation_answer"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "prompt_id", "role", "sample"),
        CheckConstraint("role IN ('base','tuned')", name="role"),
    )

    id: Mapped[Serial]
    evaluation_id: Mapped[str] = mapped_column(ForeignKey("evaluation.id", ondelete="CASCADE"))
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(Text)
    sample: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    tokens: Mapped[int]
    finish: Mapped[str] = mapped_column(Text)
    model_fingerprint: Mapped[str] = mapped_column(Text)
    seed: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Created]
