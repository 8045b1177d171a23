"""Whether an answer helps: the guard against too much refusing."""

from workers.rewards.reward import Answer
from workers.rewards.rules.refusal import refusal


def helpful(answer: Answer) -> float:
    """1.0 for an answer that does not refuse and says something, else 0.0."""
    return 0.0 if not answer.text.strip() else 1.0 - refusal(answer)
