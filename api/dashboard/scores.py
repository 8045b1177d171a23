"""Scores of a pair's two sides, scorer by scorer."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.tables import Score


@dataclass(frozen=True)
class ScoreRow:
    """What one scorer gave to both sides; None where it gave nothing or the side was edited."""

    scorer: str
    rejected: float | None
    chosen: float | None

    @property
    def margin(self) -> float | None:
        """Chosen minus rejected."""
        return None if self.chosen is None or self.rejected is None else self.chosen - self.rejected


def score_rows(found: Sequence[Score], rejected: str | None, chosen: str | None) -> list[ScoreRow]:
    """One row for each scorer of the chain; the sides are named by the turns they are."""
    values = {(score.scorer, score.answer): score.value for score in found}
    scorers = dict.fromkeys(score.scorer for score in found)
    return [ScoreRow(name, values.get((name, rejected)), values.get((name, chosen))) for name in scorers]
