"""Filters decide which pairs are kept; what they drop is stored with the reason."""

from core.configs.filters import FilterConfig
from workers.filters.empty import empty
from workers.filters.filter import Filter
from workers.filters.identical import identical
from workers.filters.pair_text import PairText
from workers.filters.too_long import too_long
from workers.filters.truncated import truncated

# In the order they are asked; the name of the first that drops a pair is the reason.
FILTERS: dict[str, Filter] = {
    "empty": empty,
    "truncated": truncated,
    "too_long": too_long,
    "identical": identical,
}


def verdict(pair: PairText, config: FilterConfig) -> str | None:
    """Why the pair is dropped, or None for one that is kept."""
    return next((name for name, drops in FILTERS.items() if drops(pair, config)), None)
