"""Texts as sets of word shingles (Broder 1997), and how alike two of them are."""

import unicodedata

from workers.filters.words import WORD


def words(text: str) -> list[str]:
    """The words of a text without its punctuation, letter case and compatibility forms aside."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def shingles(text: str, size: int) -> frozenset[str]:
    """Every run of `size` words; a shorter text is one shingle, a text without words none."""
    said = words(text)
    if not said:
        return frozenset()
    return frozenset(" ".join(said[start : start + size]) for start in range(max(1, len(said) - size + 1)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared shingles over all of both; two texts without words are alike."""
    if not one and not other:
        return 1.0
    return len(one & other) / len(one | other)
