"""Something worth telling about a dataset, a run or a distillation."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Created, Json, Serial, Table


class Event(Table):
    """`subject` is the id of the dataset, run or distillation; the public id is `evt_` and the number.

    What is known of a model behind an endpoint has the model's fingerprint as its subject (`queries/omissions.py`).
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("level IN ('info','warn','error')", name="level"),
        CheckConstraint("type IN ('message','metrics')", name="type"),
        Index(None, "subject", "id"),
    )

    id: Mapped[Serial]
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    subject: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[Json]
    created_at: Mapped[Created]
