"""Drops pairs whose revision is the draft with a few words changed."""

from difflib import SequenceMatcher

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def unchanged(pair: PairText, config: FilterConfig) -> bool:
    """The share of words that both sides have in the same order is at least `unchanged` (Ratcliff and Obershelp)."""
    if config.unchanged is None:
        return False
    matcher = SequenceMatcher(None, pair.rejected.split(), pair.chosen.split(), autojunk=False)
    return matcher.real_quick_ratio() >= config.unchanged and matcher.ratio() >= config.unchanged
