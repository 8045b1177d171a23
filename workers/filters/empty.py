"""Drops pairs with a side that says nothing."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def empty(pair: PairText, config: FilterConfig) -> bool:
    """A side holds nothing but white space."""
    return config.empty and not (pair.chosen.strip() and pair.rejected.strip())
