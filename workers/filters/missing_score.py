"""Drops pairs that nobody scored."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def missing_score(pair: PairText, config: FilterConfig) -> bool:
    """One of the two scores is missing."""
    return config.missing_score and (pair.score_chosen is None or pair.score_rejected is None)
