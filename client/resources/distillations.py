"""Distillations, from a behavior to a tuned model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from client.http import Http
from client.models import Distillation
from client.stream import End, Event, follow


@dataclass(frozen=True)
class Distillations:
    """`/distillations`."""

    http: Http

    def create(self, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Distillation:
        """Ask for dataset, run and evaluation in one request."""
        return Distillation.model_validate(self.http.post("/distillations", body, idempotency_key=idempotency_key))

    def get(self, id: str) -> Distillation:
        """One distillation."""
        return Distillation.model_validate(self.http.get(f"/distillations/{id}"))

    def all(self, *, limit: int = 20) -> Iterator[Distillation]:
        """Every distillation, newest first."""
        return map(Distillation.model_validate, self.http.pages("/distillations", limit=limit))

    def cancel(self, id: str) -> Distillation:
        """Stop whichever part is under way."""
        return Distillation.model_validate(self.http.post(f"/distillations/{id}/cancel"))

    def follow(self, id: str, *, since: str | None = None) -> Iterator[Event | End]:
        """Live events of distillation, dataset and run until the end."""
        return follow(self.http, f"/distillations/{id}/events", since=since)
