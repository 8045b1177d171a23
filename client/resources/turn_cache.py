"""The cache of turns."""

from dataclasses import dataclass

from client.http import Http
from client.models import Cache


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
