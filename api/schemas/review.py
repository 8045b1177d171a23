"""A review as the caller sees it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.page import Object
from core.tables import Review


class ReviewObject(Object):
    """Who decided what about a pair, and the pair before and after."""

    object: Literal["review"] = "review"
    action: Literal["accept", "reject", "swap", "edit"]
    reviewer: str = Field(description="the name of the key, or its id")
    note: str | None
    before: dict[str, Any] = Field(description="the original is the `before` of a pair's first review")
    after: dict[str, Any]
    created_at: datetime


def show_review(row: Review) -> ReviewObject:
    """A row as the caller sees it."""
    return ReviewObject(
        id=row.id,
        action=row.action,
        reviewer=row.reviewer_name,
        note=row.note,
        before=row.before,
        after=row.after,
        created_at=row.created_at,
    )
