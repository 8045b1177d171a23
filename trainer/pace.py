"""How long the recent steps took."""

import statistics
import time
from collections import deque
from dataclasses import dataclass, field

RECENT = 50


@dataclass
class Pace:
    """Seconds from one step's end to the next one's."""

    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    last: float = field(default_factory=time.monotonic)

    def tick(self) -> None:
        """Note the end of a step."""
        now = time.monotonic()
        self.seconds.append(now - self.last)
        self.last = now

    @property
    def mean(self) -> float:
        """Mean of the recent steps, seconds."""
        return statistics.fmean(self.seconds)

    @property
    def sd(self) -> float:
        """Their standard deviation, seconds."""
        return statistics.stdev(self.seconds) if len(self.seconds) > 1 else 0.0
