"""Named secrets; their values never come back."""

from collections.abc import Iterator
from dataclasses import dataclass

from client.http import Http
from client.models import Secret


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
