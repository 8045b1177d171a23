"""An uploaded file of prompts."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from core import uploads
from core.configs.behavior import PromptSpec
from core.formats.prompts import read_prompts
from core.tables import File


class FileReader:
    """`Reader` over a file whose lines were checked when it came. Raises BadInput when its bytes are gone."""

    def __init__(self, file: File) -> None:
        self.total = file.rows
        self.described: dict[str, Any] = {"name": f"file {file.id} ({file.name})", "sha256": file.sha256}
        self._path = uploads.path_of(file, param="source.file")
        self._format = file.format

    def rows(self, skip: int) -> Iterator[PromptSpec | None]:
        """See `Reader`."""
        with self._path.open("rb") as stream:
            for prompt in islice(read_prompts(stream, self._format), skip, None):
                yield prompt if _says_something(prompt) else None


def _says_something(prompt: PromptSpec) -> bool:
    return bool(prompt.chat(None)[-1]["content"].strip())
