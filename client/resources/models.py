"""Models that the service knows."""

from collections.abc import Iterator
from dataclasses import dataclass

from client.http import Http
from client.models import Model


@dataclass(frozen=True)
class Models:
    """`/models`."""

    http: Http

    def all(self) -> Iterator[Model]:
        """Tuned models, then folders."""
        return map(Model.model_validate, self.http.pages("/models", limit=100))
