"""Pairs and their reviews."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from client.http import Http
from client.models import Pair


@dataclass(frozen=True)
class Pairs:
    """`/pairs`."""

    http: Http

    def get(self, id: str) -> Pair:
        """One pair."""
        return Pair.model_validate(self.http.get(f"/pairs/{id}"))

    def review(self, id: str, action: str, **asked: Any) -> Pair:
        """accept, reject, swap or edit (with chosen, rejected); a note may be given."""
        return Pair.model_validate(self.http.patch(f"/pairs/{id}", {"action": action} | asked))

    def reviews(self, id: str) -> Iterator[dict[str, Any]]:
        """The history, newest first."""
        return self.http.pages(f"/pairs/{id}/reviews", limit=100)
