"""Behaviors and their versions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from client.http import Http
from client.models import Behavior


@dataclass(frozen=True)
class Behaviors:
    """`/behaviors`."""

    http: Http

    def create(self, body: Mapping[str, Any]) -> Behavior:
        """Add a behavior, or its next version; the same text changes nothing."""
        return Behavior.model_validate(self.http.post("/behaviors", body))

    def get(self, name: str, *, version: int | None = None) -> Behavior:
        """One behavior, whole."""
        return Behavior.model_validate(self.http.get(f"/behaviors/{name}", version=version))

    def all(self) -> Iterator[Behavior]:
        """The newest version of each."""
        return map(Behavior.model_validate, self.http.pages("/behaviors", limit=100))
