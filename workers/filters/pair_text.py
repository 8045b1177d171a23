"""What the filters look at."""

from dataclasses import dataclass, field

from workers.filters.held_out import HeldOut


@dataclass(frozen=True)
class PairText:
    """The two texts of a pair, how the engine ended each (stop or length), and what belongs to them."""

    chosen: str
    rejected: str
    chosen_finish: str | None = None
    rejected_finish: str | None = None
    prompt: str = ""  # the conversation before the answers
    critiques: tuple[str, ...] = ()  # of every round
    score_chosen: float | None = None
    score_rejected: float | None = None
    unscored: frozenset[str] = frozenset()  # scorers that lack a score of either
    held_out: HeldOut = field(default_factory=HeldOut)
