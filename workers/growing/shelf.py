"""What is there already: prompts a new one must not repeat, word for word or almost."""

from workers.filters.shingles import jaccard, shingles, words
from workers.filters.signature import bands, exact, signature

SHINGLE = 3  # words, as in the filter of near duplicates
Band = tuple[int, int]


class Shelf:
    """Texts that find what is like them: MinHash in bands, and the true similarity of what shares one."""

    def __init__(self, near: float) -> None:
        self._near = near
        self._rows = bands(near)
        self._texts: list[tuple[str, str]] = []
        self._exact: dict[Band, int] = {}
        self._bands: dict[Band, list[int]] = {}

    def add(self, text: str, kind: str = "repeated") -> None:
        """Put a text there; `kind` is what a new one is that repeats it."""
        number = len(self._texts)
        self._texts.append((text, kind))
        self._exact.setdefault(exact(words(text)), number)
        for band in signature(shingles(text, SHINGLE), self._rows):
            self._bands.setdefault(band, []).append(number)

    def like(self, text: str) -> str | None:
        """What a text is that is there already: the kind of what it repeats, `alike`, or None for a new one."""
        same = self._exact.get(exact(words(text)))
        if same is not None:
            return self._texts[same][1]
        own = shingles(text, SHINGLE)
        sharing = {number for band in signature(own, self._rows) for number in self._bands.get(band, ())}
        for number in sorted(sharing):
            other, kind = self._texts[number]
            if jaccard(own, shingles(other, SHINGLE)) >= self._near:
                return "alike" if kind == "repeated" else kind
        return None
