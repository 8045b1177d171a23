"""A preference pair on its way in or out of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class ScoredBy:
    """What one scorer gave to the two answers; None where it gave nothing."""

    chosen: float | None
    rejected: float | None


@dataclass(frozen=True)
class FilePair:
    """A pair of a file: `line` counts from 1, `messages` end with the user's turn.

    `scores` are by the scorer's name; `score_chosen` and `score_rejected` are those that stand on the pair itself.
    `origin` is what only the format `jsonl` holds beside them, written and read as it is; of the others a weight alone.
    """

    line: int
    messages: Messages
    chosen: str
    rejected: str
    score_chosen: float | None = None
    score_rejected: float | None = None
    scores: Mapping[str, ScoredBy] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
