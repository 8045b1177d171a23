"""Sweeps: runs that were asked for with a grid."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from client.http import Http
from client.run_tables import Sweep
from client.stream import End, Event, follow


@dataclass(frozen=True)
class Sweeps:
    """`/sweeps`, and `POST /runs` with a grid."""

    http: Http

    def create(self, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Sweep:
        """Ask for a run for each combination of `grid`; the body is that of POST /runs."""
        return Sweep.model_validate(self.http.post("/runs", body, idempotency_key=idempotency_key))

    def get(self, id: str, *, order: str = "place") -> Sweep:
        """One sweep with the table of its runs, the best by a column of it first."""
        return Sweep.model_validate(self.http.get(f"/sweeps/{id}", order=order))

    def all(self, *, limit: int = 20) -> Iterator[Sweep]:
        """Every sweep, newest first."""
        return map(Sweep.model_validate, self.http.pages("/sweeps", limit=limit))

    def move(self, id: str, verb: str) -> Sweep:
        """cancel, pause or resume all of its runs."""
        return Sweep.model_validate(self.http.post(f"/sweeps/{id}/{verb}"))

    def follow(self, id: str, *, since: str | None = None) -> Iterator[Event | End]:
        """Live events of the sweep and its runs until the end."""
        return follow(self.http, f"/sweeps/{id}/events", since=since)
