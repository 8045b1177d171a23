"""Filters decide which pairs are kept; what they drop is stored with the reason."""

from core.configs.filters import FilterConfig
from workers.filters.clean_critique import clean_critique
from workers.filters.decontamination import decontamination
from workers.filters.empty import empty
from workers.filters.filter import Filter
from workers.filters.identical import identical
from workers.filters.language import language
from workers.filters.length_ratio import length_ratio
from workers.filters.min_margin import min_margin
from workers.filters.missing_score import missing_score
from workers.filters.pair_text import PairText
from workers.filters.refusal import refusal
from workers.filters.too_long import too_long
from workers.filters.truncated import truncated
from workers.filters.unchanged import unchanged

# In the order they are asked; the name of the first that drops a pair is the reason.
FILTERS: dict[str, Filter] = {
    "empty": empty,
    "truncated": truncated,
    "too_long": too_long,
    "identical": identical,
    "unchanged": unchanged,
    "clean_critique": clean_critique,
    "refusal": refusal,
    "language": language,
    "length_ratio": length_ratio,
    "missing_score": missing_score,
    "min_margin": min_margin,
    "decontamination": decontamination,
}


def verdict(pair: PairText, config: FilterConfig) -> str | None:
    """Why the pair is dropped, or None for one that is kept."""
    return next((name for name, drops in FILTERS.items() if drops(pair, config)), None)
