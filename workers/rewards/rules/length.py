"""How long an answer is."""

from workers.rewards.reward import Answer


def length(answer: Answer) -> float:
    """Characters of the answer."""
    return float(len(answer.text))
