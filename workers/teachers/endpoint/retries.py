"""Asking again: when it is worth it, how long to wait before, and when it is enough."""

import random

from workers.teachers.endpoint.fault import Fault
from workers.teachers.endpoint.patience import LONGEST_PAUSE, Patience
from workers.teachers.endpoint.retry_budget import RetryBudget


class Retries:
    """Of one answer. It is what stamina asks after each failure: False, or the seconds before the next try."""

    def __init__(self, patience: Patience, budget: RetryBudget) -> None:
        self._patience = patience
        self._budget = budget
        self._spent = 0.0  # seconds in calls and pauses; a turn that was waited for is not the endpoint's
        self.fair = True  # whether the request had all of its tries
        self.tries = 1

    def __call__(self, error: Exception) -> float | bool:
        """How long to wait after this error. Pauses are drawn at random below a limit that doubles (full jitter)."""
        if not isinstance(error, Fault) or not error.nature.again or self.tries >= self._patience.tries:
            return False
        self._spent += error.seconds
        if self._spent > self._patience.whole:
            return False
        if (error.after or 0.0) > LONGEST_PAUSE or (error.nature.ill and not self._budget.take()):
            self.fair = False  # an endpoint that is merely busy is asked less by the gate; that needs no budget
            return False
        limit = min(LONGEST_PAUSE, self._patience.retry * 2 ** (self.tries - 1))
        self.tries += 1
        pause = (error.after or 0.0) + random.uniform(0.0, limit)
        self._spent += pause
        return pause
