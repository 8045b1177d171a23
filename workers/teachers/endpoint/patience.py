"""How long one waits for an endpoint, and how often one asks."""

from dataclasses import dataclass, field

from core.settings import settings

WRITE_SECONDS = 30.0  # silence while a request is sent


@dataclass(frozen=True)
class Patience:
    """Seconds to connect, for one answer, before the second try; tries in a row, and no further one after `whole`.

    While nothing ends a shard's lease is kept for `engine_answer_seconds`; half of it leaves room for a last try.
    """

    connect: float = field(default_factory=lambda: settings().endpoint_connect_seconds)
    answer: float = field(default_factory=lambda: settings().endpoint_answer_seconds)
    retry: float = field(default_factory=lambda: settings().endpoint_retry_seconds)
    tries: int = field(default_factory=lambda: settings().endpoint_tries)
    whole: float = field(default_factory=lambda: settings().engine_answer_seconds / 2)

    @property
    def timeouts(self) -> dict[str, float]:
        """As httpx takes them. An answer comes whole, so its first byte may come as late as its last."""
        return {"connect": self.connect, "read": self.answer, "write": WRITE_SECONDS, "pool": self.connect}
