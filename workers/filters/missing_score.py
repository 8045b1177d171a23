"""Drops pairs that nobody scored."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def missing_score(pair: PairText, config: FilterConfig) -> bool:
    """A side lacks a score of the first scorer, or with `every` of any."""
    if config.missing_score is None:
        return False
    first = pair.score_chosen is None or pair.score_rejected is None
    return first or (config.missing_score == "every" and bool(pair.unscored))
