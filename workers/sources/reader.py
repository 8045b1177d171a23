"""A reader: the rows of a source as prompts."""

from collections.abc import Iterator
from typing import Any, Protocol

from core.configs.behavior import PromptSpec


class Reader(Protocol):
    """A source that was found."""

    @property
    def described(self) -> dict[str, Any]:
        """What it is, as JSON: `name`, and whatever tells that it is the same at the next look."""
        ...

    @property
    def total(self) -> int:
        """Rows, as far as they are known; it may grow while they are read."""
        ...

    def rows(self, skip: int) -> Iterator[PromptSpec | None]:
        """Every row behind the first `skip`, in order; None for one without a word of the user's.

        Memory does not grow with the source. Raises BadInput that names the row and the column, Unavailable.
        """
        ...
