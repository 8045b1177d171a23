"""The prompts of a finished dataset."""

from collections.abc import Iterator
from typing import Any

from core.configs.behavior import PromptSpec
from core.configs.source import DatasetSource
from core.database import transaction
from core.queries import prompts
from core.queries.rows import AnyRow

BATCH = 1_000  # rows in one statement


class DatasetReader:
    """`Reader` over prompts in the ledger: as they were before templates, without their behavior's system prompt."""

    def __init__(self, source: DatasetSource) -> None:
        self._source = source
        with transaction() as session:
            self.total = prompts.count_generated(session, source.dataset, kept=source.kept)

    @property
    def described(self) -> dict[str, Any]:
        """See `Reader`."""
        kept = " with a kept pair" if self._source.kept else ""
        return {"name": f"dataset {self._source.dataset}", "rows": f"{self.total} prompts{kept}"}

    def rows(self, skip: int) -> Iterator[PromptSpec | None]:
        """See `Reader`."""
        after = -1
        while found := self._behind(after):
            after = found[-1].position
            yield from (_prompt(row) for row in found[skip:])
            skip = max(0, skip - len(found))

    def _behind(self, after: int) -> list[AnyRow]:
        with transaction() as session:
            return prompts.generated(session, self._source.dataset, kept=self._source.kept, after=after, limit=BATCH)


def _prompt(row: AnyRow) -> PromptSpec:
    """The behavior's own system prompt is left out: the new behavior brings its own."""
    first = row.messages[0]
    own = first["role"] == "system" and first["content"] == row.system
    told = {"messages": row.messages[own:], "guard": row.guard, "tags": row.tags, "expect": row.expect}
    return PromptSpec.model_validate(told)
