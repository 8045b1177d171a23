"""Drops pairs with a side that was cut off."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def truncated(pair: PairText, _config: FilterConfig) -> bool:
    """The engine stopped a side at the longest length it was allowed."""
    return "length" in (pair.chosen_finish, pair.rejected_finish)
