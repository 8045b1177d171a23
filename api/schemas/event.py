"""Something worth telling about a dataset, a run or a distillation."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.page import Object
from core.tables import Event

PREFIX = "evt_"
LAST_NUMBER = 2**63 - 1


class EventObject(Object):
    """One event; `data` carries numbers for machines."""

    object: Literal["event"] = "event"
    id: str = Field(examples=["evt_1042"])
    created_at: datetime
    subject: str = Field(description="id of the dataset, run or distillation it is about")
    level: Literal["info", "warn", "error"]
    type: Literal["message", "metrics"]
    message: str
    data: dict[str, Any]

    @property
    def number(self) -> int:
        """The event's place in the ledger."""
        return int(self.id.removeprefix(PREFIX))


def show_event(row: Event) -> EventObject:
    """A row as the caller sees it."""
    return EventObject.model_validate(
        {
            "id": f"{PREFIX}{row.id}",
            "created_at": row.created_at,
            "subject": row.subject,
            "level": row.level,
            "type": row.type,
            "message": row.message,
            "data": row.data,
        }
    )


def event_number(id: str | None) -> int | None:
    """The number in `evt_<number>`; None for anything else."""
    digits = (id or "").removeprefix(PREFIX)
    if id is None or not id.startswith(PREFIX) or not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        return None
    return min(int(digits), LAST_NUMBER)
