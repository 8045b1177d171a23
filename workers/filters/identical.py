"""Drops pairs that prefer nothing."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def identical(pair: PairText, config: FilterConfig) -> bool:
    """Both sides are the same text, runs of white space aside."""
    return config.identical and pair.chosen.split() == pair.rejected.split()
