"""What a filter is."""

from typing import Protocol

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText


class Filter(Protocol):
    """A pure function that says whether a pair is to be dropped."""

    def __call__(self, pair: PairText, config: FilterConfig, /) -> bool:
        """True to drop the pair; the filter's name is the reason."""
        ...
