"""Files of prompts or pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from client.http import Http
from client.models import File


@dataclass(frozen=True)
class Files:
    """`/files`."""

    http: Http

    def upload(self, file: Path, *, purpose: str, format: str | None = None) -> File:
        """Upload prompts or pairs; left out, the format is parquet for a file of that name, else jsonl."""
        fields = {"purpose": purpose} | ({"format": format} if format else {})
        return File.model_validate(self.http.upload("/files", fields, file))

    def get(self, id: str) -> File:
        """One file."""
        return File.model_validate(self.http.get(f"/files/{id}"))

    def all(self) -> Iterator[File]:
        """Every file, newest first."""
        return map(File.model_validate, self.http.pages("/files", limit=100))

    def delete(self, id: str) -> File:
        """Delete a file that no dataset in progress needs."""
        return File.model_validate(self.http.delete(f"/files/{id}"))
