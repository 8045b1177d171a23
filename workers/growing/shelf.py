"""What is there already: prompts a new one must not repeat, word for word or almost."""

from array import array

from workers.filters.shingles import jaccard, shingles, words
from workers.filters.signature import bands, exact, signature
from workers.growing.index import Index
from workers.growing.texts import Texts

SHINGLE = 3  # words, as in the filter of near duplicates
APART = 0x9E3779B97F4A7C15  # an odd number that sets the hashes of one band apart from those of the others
Band = tuple[int, int]


class Shelf:
    """Texts that find what is like them: MinHash in bands, and the true similarity of what shares one.

    The texts are on the disk; some hundred bytes of hashes for each are in memory.
    """

    def __init__(self, near: float) -> None:
        self._near = near
        self._rows = bands(near)
        self._texts = Texts()
        self._kinds: list[str] = []
        self._kind_of = array("B")
        self._index = Index()

    def add(self, text: str, kind: str = "repeated") -> None:
        """Put a text there; `kind` is what a new one is that repeats it. Raises DiskFull."""
        number = len(self._texts)
        if kind not in self._kinds:
            self._kinds.append(kind)
        self._texts.add(text)
        self._kind_of.append(self._kinds.index(kind))
        for band in (exact(words(text)), *signature(shingles(text, SHINGLE), self._rows)):
            self._index.add(_hash(band), number)

    def like(self, text: str) -> str | None:
        """What a text is that is there already: the kind of what it repeats, `alike`, or None for a new one."""
        said = words(text)
        same = [number for number in self._index.of(_hash(exact(said))) if words(self._texts[number]) == said]
        if same:
            return self._kind(min(same))
        own = shingles(text, SHINGLE)
        bands = map(_hash, signature(own, self._rows))
        for number in sorted({number for band in bands for number in self._index.of(band)}):
            if jaccard(own, shingles(self._texts[number], SHINGLE)) >= self._near:
                return "alike" if self._kind(number) == "repeated" else self._kind(number)
        return None

    def _kind(self, number: int) -> str:
        return self._kinds[self._kind_of[number]]


def _hash(band: Band) -> int:
    place, hash = band
    return hash + place * APART
