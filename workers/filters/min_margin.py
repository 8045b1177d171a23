"""Drops pairs whose scores say too little."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def min_margin(pair: PairText, config: FilterConfig) -> bool:
    """The chosen score exceeds the other by less than `min_margin`; pairs without both scores are let through."""
    if config.min_margin is None or pair.score_chosen is None or pair.score_rejected is None:
        return False
    return pair.score_chosen - pair.score_rejected < config.min_margin
