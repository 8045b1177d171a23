"""A rule as a scorer: a named pure function of one answer. The exact judge of worlds whose truth is known."""

import hashlib
import inspect
from collections.abc import Sequence

from core.configs.reward import RewardConfig
from core.errors import UnknownName
from workers.rewards.reward import Answer, Missing
from workers.rewards.rules import FUNCTIONS


class Rule:
    """`RewardModel` without a model."""

    def __init__(self, config: RewardConfig) -> None:
        """Raises UnknownName."""
        name = config.rule or ""
        if name not in FUNCTIONS:
            raise UnknownName("rule", name, tuple(FUNCTIONS), param="reward.rule")
        self._function = FUNCTIONS[name]
        self.scorer = config.scorer
        source = inspect.getsource(inspect.getmodule(self._function) or self._function)
        self.fingerprint = hashlib.sha256(source.encode()).hexdigest()

    def score(self, answers: Sequence[Answer]) -> list[float | Missing]:
        """See `RewardModel`."""
        return [self._function(answer) for answer in answers]

    def close(self) -> None:
        """There is nothing to end."""
