"""How long one waits for an endpoint, and how often one asks."""

from dataclasses import dataclass, field

from core.settings import settings

WRITE_SECONDS = 30.0  # silence while a request is sent
PROBE_SECONDS = 30.0  # for the shortest question there is, and to be let in with it
LONGEST_PAUSE = 60.0  # seconds; an endpoint that asks for more time than this is waited for by the shard
SILENT = 1.5  # longest answers after which there is no further try: silence is met with a second one at least


def _whole() -> float:
    asked = settings()
    return max(asked.engine_answer_seconds / 2, SILENT * asked.endpoint_answer_seconds)


@dataclass(frozen=True)
class Patience:
    """Seconds to connect, for one answer, before the second try; tries in a row, and no further one after `whole`."""

    connect: float = field(default_factory=lambda: settings().endpoint_connect_seconds)
    answer: float = field(default_factory=lambda: settings().endpoint_answer_seconds)
    retry: float = field(default_factory=lambda: settings().endpoint_retry_seconds)
    tries: int = field(default_factory=lambda: settings().endpoint_tries)
    whole: float = field(default_factory=_whole)

    @property
    def longest(self) -> float:
        """Seconds after which an answer has come, or was given up: with its pauses, its last try, and the probe."""
        return self.whole + 2 * LONGEST_PAUSE + self.answer + PROBE_SECONDS

    @property
    def timeouts(self) -> dict[str, float]:
        """As httpx takes them. An answer comes whole, so its first byte may come as late as its last."""
        return {"connect": self.connect, "read": self.answer, "write": WRITE_SECONDS, "pool": self.connect}


def still(engine: str) -> float:
    """Seconds in which a shard may not move while this engine answers: a lease is kept through every try."""
    usual = settings().engine_answer_seconds
    return max(usual, Patience().longest) if engine == "openai" else usual
