"""Drops pairs in which a side refuses to answer."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText
from workers.rewards.rules.refusal import refuses

SIDES = {"chosen": ("chosen",), "rejected": ("rejected",), "either": ("chosen", "rejected")}


def refusal(pair: PairText, config: FilterConfig) -> bool:
    """The side that `refusal` names begins with a refusal."""
    return config.refusal is not None and any(refuses(getattr(pair, side)) for side in SIDES[config.refusal])
