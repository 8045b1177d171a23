"""What the operator allows for each minute, in requests and in tokens."""

import time
from collections.abc import Callable

BURST_SECONDS = 5.0  # what was not used in so long may be used at once


class Rate:
    """A bucket that is refilled steadily. What is taken is booked at once, so whoever asks first waits least."""

    def __init__(self, per_minute: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._most = max(1.0, self._per_second * BURST_SECONDS)
        self._level = self._most
        self._now = now
        self._seen = now()

    def take(self, amount: float) -> float:
        """Seconds to wait before the amount may be used."""
        now = self._now()
        self._level = min(self._most, self._level + (now - self._seen) * self._per_second)
        self._seen = now
        self._level -= amount
        return max(0.0, -self._level / self._per_second)

    def give(self, amount: float) -> None:
        """So much less was used than was taken; more, if it is negative."""
        self._level += amount


class Rates:
    """The two rates of a model; one that the operator did not set makes nobody wait."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._requests = Rate(requests_per_minute) if requests_per_minute else None
        self._tokens = Rate(tokens_per_minute) if tokens_per_minute else None

    def take(self, tokens: float) -> float:
        """Seconds to wait before one request may be sent that takes so many tokens at most."""
        return max(
            self._requests.take(1) if self._requests else 0.0, self._tokens.take(tokens) if self._tokens else 0.0
        )

    def unsent(self) -> None:
        """A request that was booked is not sent."""
        if self._requests:
            self._requests.give(1)

    def used(self, tokens: float, *, of: float) -> None:
        """So many of the tokens that were booked were used."""
        if self._tokens:
            self._tokens.give(of - tokens)
