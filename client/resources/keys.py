"""Keys of the API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from client.http import Http
from client.models import Key


@dataclass(frozen=True)
class Keys:
    """`/keys`; needs a key of scope admin."""

    http: Http

    def create(self, body: Mapping[str, Any]) -> Key:
        """Make a key; only this answer shows its text."""
        return Key.model_validate(self.http.post("/keys", body))

    def all(self) -> Iterator[Key]:
        """Every key, newest first."""
        return map(Key.model_validate, self.http.pages("/keys", limit=100))

    def revoke(self, id: str) -> Key:
        """Close a key for good."""
        return Key.model_validate(self.http.delete(f"/keys/{id}"))
