"""Drops pairs that differ by their length first of all."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText
from workers.filters.words import pieces


def length_ratio(pair: PairText, config: FilterConfig) -> bool:
    """One side has more than `length_ratio` times the words of the other."""
    if config.length_ratio is None:
        return False
    short, long = sorted((len(pieces(pair.chosen)), len(pieces(pair.rejected))))
    return long > config.length_ratio * max(short, 1)
