"""A scorer that scores by a function of the answer."""

from collections.abc import Callable, Sequence

from workers.rewards.reward import Answer, Missing


def by_length(answer: Answer) -> float | Missing:
    """The longer the better."""
    return float(len(answer.text))


class ScriptedReward:
    """`RewardModel` without a model."""

    fingerprint = "scripted"

    def __init__(self, scorer: str, value: Callable[[Answer], float | Missing] = by_length) -> None:
        self.scorer = scorer
        self._value = value

    def score(self, answers: Sequence[Answer]) -> list[float | Missing]:
        """See `RewardModel`."""
        return [self._value(answer) for answer in answers]

    def close(self) -> None:
        """Nothing is loaded."""
