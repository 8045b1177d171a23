"""Drops pairs with a side that is too long."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def too_long(pair: PairText, config: FilterConfig) -> bool:
    """A side has more than `max_chars` characters."""
    return max(len(pair.chosen), len(pair.rejected)) > config.max_chars
