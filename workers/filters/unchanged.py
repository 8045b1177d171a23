"""Drops pairs whose revision is the draft with a few words changed."""

from collections import Counter

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText
from workers.filters.words import pieces


def unchanged(pair: PairText, config: FilterConfig) -> bool:
    """The share of words that both sides have in the same order is at least `unchanged`."""
    if config.unchanged is None:
        return False
    one, other = pieces(pair.rejected), pieces(pair.chosen)
    needed = config.unchanged * (len(one) + len(other)) / 2
    shared = (Counter(one) & Counter(other)).total()  # in whatever order, and soon counted
    return shared >= needed and common(one, other) >= needed


def common(one: list[str], other: list[str]) -> int:
    """Length of the longest common subsequence, a bit for each word of `one` (Hyyrö 2004).

    The time rests on the lengths alone: a word that comes a thousand times costs no more than a thousand words.
    """
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(one)) - 1
    open = every  # bits that are zero are matched
    for word in other:
        found = open & places.get(word, 0)
        open = ((open + found) | (open - found)) & every
    return len(one) - open.bit_count()
