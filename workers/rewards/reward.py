"""A reward model: answers in, scores out. A score that cannot be given is a value too, with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.configs.behavior import Rubric
from core.ledger import Spent


@dataclass(frozen=True)
class Answer:
    """What is scored: the chat, the answer to it, and what its prompt says about right answers."""

    messages: tuple[Mapping[str, str], ...]
    text: str
    expect: Mapping[str, Any] | None
    guard: bool  # a harmless prompt that only looks like one to be careful with
    rubric: Rubric | None = None  # how a judge rates it


@dataclass(frozen=True)
class Missing:
    """No score: too_long, not_finite, no_expectation; of judges also truncated, unparsed and others (`rating`)."""

    reason: str


@dataclass(frozen=True)
class Verdict:
    """A score, for a judge with what it said and what that took."""

    value: float | Missing
    raw: str | None = None
    spent: Spent = field(default_factory=Spent)


class RewardModel(Protocol):
    """A scorer that is loaded."""

    @property
    def scorer(self) -> str:
        """The name its scores are stored under."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the score."""
        ...

    def score(self, answers: Sequence[Answer]) -> list[float | Missing]:
        """A score for each answer, in their order. Raises EngineDied, and BadInput for a chat it cannot render."""
        ...

    def close(self) -> None:
        """End the engine."""
        ...
