"""Drops pairs with a side in another language than the one asked for."""

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText

SHORTEST = 20  # characters; less says too little about a language
CERTAIN = 0.9  # probability from which the identifier is believed


def language(pair: PairText, config: FilterConfig) -> bool:
    """A side is surely in another language than `language`."""
    return config.language is not None and any(_differs(text, config.language) for text in (pair.chosen, pair.rejected))


def _differs(text: str, wanted: str) -> bool:
    if len(text.strip()) < SHORTEST:
        return False
    found, probability = _identifier().classify(text)
    return bool(found != wanted and probability >= CERTAIN)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
