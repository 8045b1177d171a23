"""What the template of a list is told of an API's page of objects."""

from typing import Any

from api.deps import ListPage
from api.schemas.page import Page


def listing(found: Page[Any], paging: ListPage) -> dict[str, Any]:
    """The rows, whether more follow, whether they are the first, and the id that the next page begins behind."""
    return {"rows": found.data, "more": found.has_more, "first": paging.after is None, "last": found.last_id}
