"""The nouns of the surface as objects with methods."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.http import Http
from client.models import (
    Behavior,
    Cache,
    Dataset,
    Distillation,
    Estimate,
    Evaluation,
    File,
    Key,
    Model,
    Pair,
    Push,
    Run,
    Secret,
)
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


@dataclass(frozen=True)
class Runs:
    """`/runs`."""

    http: Http

    def create(self, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Run:
        """Ask for a run; the body is that of POST /runs."""
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

    def metrics(self, id: str, *, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """Metrics step by step, oldest first."""
        return self.http.pages(f"/runs/{id}/metrics", kind=kind, order="asc", limit=1000)

    def evaluations(self, id: str, *, samples: int = 20) -> list[Evaluation]:
        """Before and after, with so many prompts answered by both."""
        return [Evaluation.model_validate(row) for row in self.http.pages(f"/runs/{id}/evaluations", samples=samples)]

    def artifacts(self, id: str) -> list[dict[str, Any]]:
        """Files of the tuned model."""
        return list(self.http.pages(f"/runs/{id}/artifacts"))

    def follow(self, id: str, *, since: str | None = None) -> Iterator[Event | End]:
        """Live events until the end."""
        return follow(self.http, f"/runs/{id}/events", since=since)


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


@dataclass(frozen=True)
class Models:
    """`/models`."""

    http: Http

    def all(self) -> Iterator[Model]:
        """Tuned models, then folders."""
        return map(Model.model_validate, self.http.pages("/models", limit=100))


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


@dataclass(frozen=True)
class Secrets:
    """`/secrets`; needs a key of scope admin."""

    http: Http

    def store(self, name: str, value: str) -> Secret:
        """Store a secret; one of the same name is replaced."""
        return Secret.model_validate(self.http.post("/secrets", {"name": name, "value": value}))

    def all(self) -> Iterator[Secret]:
        """Every secret by name."""
        return map(Secret.model_validate, self.http.pages("/secrets", limit=100))

    def forget(self, name: str) -> Secret:
        """Forget a secret."""
        return Secret.model_validate(self.http.delete(f"/secrets/{name}"))


@dataclass(frozen=True)
class TurnCache:
    """`/cache`."""

    http: Http

    def get(self) -> Cache:
        """Its size and use."""
        return Cache.model_validate(self.http.get("/cache"))

    def trim(self, *, unused_days: float) -> int:
        """Forget turns that nobody used for so long; returns how many."""
        return int(self.http.post("/cache/trim", {"unused_days": unused_days})["forgotten"])
