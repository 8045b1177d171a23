"""What the tries of one topic gave: new prompts up to the number wanted, until further tries bring nothing new."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from workers.growing.shelf import Shelf

EACH = 10  # prompts that one try asks for
FRUITLESS = 3  # tries in a row without a new prompt that end a topic


def most_tries(wanted: int) -> int:
    """Tries of a topic at most: twice what it takes when every prompt is new, and some more."""
    return 2 * -(-wanted // EACH) + FRUITLESS


@dataclass
class Harvest:
    """A pure function of the shelf and of what the tries wrote, in their order."""

    shelf: Shelf
    own: Shelf
    wanted: int
    most: int
    texts: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    fruitless: int = 0

    @property
    def done(self) -> bool:
        """Whether it is enough, or further tries are not worth it."""
        tired = self.fruitless >= FRUITLESS or self.tries >= self.most
        return len(self.texts) >= self.wanted or tired

    def take(self, written: Sequence[str]) -> None:
        """The texts of the next try; once it is done nothing is taken any more."""
        if self.done:
            return
        self.tries += 1
        before = len(self.texts)
        for text in written:
            if len(self.texts) < self.wanted:
                self._take(text)
        self.fruitless = 0 if len(self.texts) > before else self.fruitless + 1

    def _take(self, text: str) -> None:
        kind = self.shelf.like(text) or self.own.like(text)
        if kind is not None:
            self.dropped[kind] += 1
            return
        self.own.add(text)
        self.texts.append(text)
