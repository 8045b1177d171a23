"""What the filters look at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PairText:
    """The two texts of a pair, and how the engine ended each: stop or length."""

    chosen: str
    rejected: str
    chosen_finish: str | None = None
    rejected_finish: str | None = None
