"""Runs: metrics, evaluations, artifacts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from client.http import Http
from client.models import Evaluation, Run, RunPair
from client.run_tables import Comparison
from client.stream import End, Event, follow


@dataclass(frozen=True)
class Runs:
    """`/runs`."""

    http: Http

    def create(self, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Run:
        """Ask for a run; the body is that of POST /runs, and with `dry_run` in it the run only looks."""
        return Run.model_validate(self.http.post("/runs", body, idempotency_key=idempotency_key))

    def get(self, id: str) -> Run:
        """One run."""
        return Run.model_validate(self.http.get(f"/runs/{id}"))

    def all(self, *, limit: int = 20) -> Iterator[Run]:
        """Every run, newest first."""
        return map(Run.model_validate, self.http.pages("/runs", limit=limit))

    def move(self, id: str, verb: str) -> Run:
        """cancel, pause or resume."""
        return Run.model_validate(self.http.post(f"/runs/{id}/{verb}"))

    def compare(self, ids: Sequence[str]) -> Comparison:
        """Two to sixteen runs beside each other, the others held against the first."""
        return Comparison.model_validate(self.http.get("/runs/compare", ids=",".join(ids)))

    def metrics(self, id: str, *, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """Metrics step by step, oldest first."""
        return self.http.pages(f"/runs/{id}/metrics", kind=kind, order="asc", limit=1000)

    def evaluations(self, id: str, *, samples: int = 20) -> list[Evaluation]:
        """Before and after, with so many prompts answered by both."""
        return [Evaluation.model_validate(row) for row in self.http.pages(f"/runs/{id}/evaluations", samples=samples)]

    def pairs(self, id: str, *, order: str = "loss", split: str | None = None, limit: int = 20) -> Iterator[RunPair]:
        """Every pair, those first that the tuned model finds hardest: the greatest loss, or the least margin."""
        rows = self.http.pages(f"/runs/{id}/pairs", order=order, split=split, limit=limit)
        return map(RunPair.model_validate, rows)

    def artifacts(self, id: str) -> list[dict[str, Any]]:
        """Files of the tuned model."""
        return list(self.http.pages(f"/runs/{id}/artifacts"))

    def follow(self, id: str, *, since: str | None = None) -> Iterator[Event | End]:
        """Live events until the end."""
        return follow(self.http, f"/runs/{id}/events", since=since)
