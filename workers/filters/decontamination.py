"""Drops pairs that would teach the evaluation."""

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


def decontamination(pair: PairText, config: FilterConfig) -> bool:
    """The prompt touches an evaluation prompt of the dataset."""
    return config.decontamination is not None and pair.held_out.touches(pair.prompt, config.decontamination)
