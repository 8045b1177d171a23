"""A page of a list: newest first, found by key and not by offset."""

from collections.abc import Callable, Sequence
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from api.deps import Paging


class Object(BaseModel):
    """An object of the surface."""

    id: str


Item = TypeVar("Item", bound=Object)
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """`after=<last_id>` asks for the next page while `has_more` is true."""

    object: Literal["list"] = "list"
    data: list[Item]
    first_id: str | None = Field(description="id of the first object here, null in an empty list")
    last_id: str | None = Field(description="id of the last object here: `after` of the next page")
    has_more: bool


def page_of(rows: Sequence[Row], paging: Paging, show: Callable[[Row], Item]) -> Page[Item]:
    """A page from up to `limit + 1` rows: the extra one only says that there is more."""
    data = [show(row) for row in rows[: paging.limit]]
    return Page(
        data=data,
        first_id=data[0].id if data else None,
        last_id=data[-1].id if data else None,
        has_more=len(rows) > paging.limit,
    )
