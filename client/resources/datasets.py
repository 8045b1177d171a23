"""Datasets: asked for, watched, filtered, taken away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from client.http import Http
from client.models import Dataset, Estimate, Pair, Push
from client.stream import End, Event, follow


@dataclass(frozen=True)
class Datasets:
    """`/datasets`."""

    http: Http

    def create(self, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Dataset:
        """Ask for a dataset; the body is that of POST /datasets."""
        return Dataset.model_validate(self.http.post("/datasets", body, idempotency_key=idempotency_key))

    def estimate(self, body: Mapping[str, Any]) -> Estimate:
        """What a dataset would take; the body is that of POST /datasets."""
        return Estimate.model_validate(self.http.post("/estimates", body))

    def preview(self, body: Mapping[str, Any]) -> Dataset:
        """Ask for five pairs of a dataset; the body is that of POST /datasets."""
        return Dataset.model_validate(self.http.post("/datasets/preview", body))

    def funnel(self, id: str) -> dict[str, Any]:
        """How many chains came through each gate, and why the others did not."""
        return self.http.get(f"/datasets/{id}/funnel")

    def filter(self, id: str, filters: Mapping[str, Any]) -> Dataset:
        """Run other filters over a finished dataset; nothing is generated."""
        return Dataset.model_validate(self.http.post(f"/datasets/{id}/filters", filters))

    def get(self, id: str) -> Dataset:
        """One dataset."""
        return Dataset.model_validate(self.http.get(f"/datasets/{id}"))

    def all(self, *, limit: int = 20) -> Iterator[Dataset]:
        """Every dataset, newest first, `limit` in one request."""
        return map(Dataset.model_validate, self.http.pages("/datasets", limit=limit))

    def move(self, id: str, verb: str) -> Dataset:
        """cancel, pause or resume."""
        return Dataset.model_validate(self.http.post(f"/datasets/{id}/{verb}"))

    def pairs(self, id: str, *, limit: int = 20, **filter: Any) -> Iterator[Pair]:
        """Pairs, newest first; filters: split, verdict, min_margin, reason, reviewed."""
        return map(Pair.model_validate, self.http.pages(f"/datasets/{id}/pairs", limit=limit, **filter))

    def import_pairs(self, body: Mapping[str, Any]) -> Dataset:
        """Ask for a dataset of the pairs in an uploaded file; the body is that of POST /datasets/import."""
        return Dataset.model_validate(self.http.post("/datasets/import", body))

    def export(self, id: str, *, format: str = "trl", **filter: Any) -> Iterator[str]:
        """Lines of JSON (trl, openai or jsonl); filters: split, verdict."""
        return self.http.lines(f"/datasets/{id}/export", format=format, **filter)

    def stats(self, id: str, *, scorer: str | None = None) -> dict[str, Any]:
        """Histograms of scores and margins by one scorer, the first one unless named."""
        found: dict[str, Any] = self.http.get(f"/datasets/{id}/stats", scorer=scorer)
        return found

    def download(self, id: str, *, format: str = "trl", **filter: Any) -> Iterator[bytes]:
        """The bytes of an export in any form; filters: split, verdict."""
        return self.http.chunks(f"/datasets/{id}/export", format=format, **filter)

    def card(self, id: str) -> str:
        """The dataset card, as Markdown with a head of YAML."""
        return b"".join(self.http.chunks(f"/datasets/{id}/card")).decode()

    def push(self, id: str, body: Mapping[str, Any]) -> Push:
        """Send the kept pairs to the hub; the body is that of POST /datasets/{id}/push."""
        return Push.model_validate(self.http.post(f"/datasets/{id}/push", body))

    def pushes(self, id: str) -> Iterator[Push]:
        """Pushes of a dataset, newest first."""
        return map(Push.model_validate, self.http.pages(f"/datasets/{id}/pushes", limit=100))

    def follow(self, id: str, *, since: str | None = None) -> Iterator[Event | End]:
        """Live events until the end."""
        return follow(self.http, f"/datasets/{id}/events", since=since)
