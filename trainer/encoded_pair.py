"""One pair as the student reads it."""

import math
from dataclasses import dataclass

from trainer.encoding import Ids


@dataclass(frozen=True, slots=True)
class EncodedPair:
    """One pair in tokens; scores are NaN when missing.

    An anchor has no rejected answer (its draft and revision were one text) and serves the SFT term alone. `reference`
    holds the log-probs of chosen and rejected under the reference, in nats; zeros for a method that needs none.
    `rewards` holds (chosen, rejected) by each member of an ensemble; `weight` is what all it adds to the loss is
    multiplied by.
    """

    id: str
    prompt: Ids
    chosen: Ids
    rejected: Ids | None
    score_chosen: float
    score_rejected: float
    reference: tuple[float, float] = (0.0, 0.0)
    rewards: tuple[tuple[float, float], ...] = ()
    weight: float = 1.0

    @property
    def length(self) -> int:
        """Tokens of the longer row."""
        return len(self.prompt) + max(len(self.chosen), 0 if self.rejected is None else len(self.rejected))

    @property
    def tokens(self) -> int:
        """Tokens of its rows together."""
        rejected = 0 if self.rejected is None else len(self.prompt) + len(self.rejected)
        return len(self.prompt) + len(self.chosen) + rejected

    @property
    def once(self) -> int:
        """Tokens of its rows together, the prompt counted once."""
        return len(self.prompt) + len(self.chosen) + (0 if self.rejected is None else len(self.rejected))

    @property
    def scored(self) -> bool:
        """Whether both scores are there."""
        return not math.isnan(self.score_chosen - self.score_rejected)
