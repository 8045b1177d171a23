"""What a new prompt may not repeat."""

import random
import tracemalloc

from workers.filters.shingles import jaccard, shingles, words
from workers.filters.signature import bands, signature
from workers.growing.harvest import FRUITLESS, Harvest, most_tries
from workers.growing.shelf import SHINGLE, Shelf

FOX = "Tell me why the quick brown fox jumps over the lazy dog in the morning"


def shelf(*texts: str) -> Shelf:
    """A shelf with these."""
    made = Shelf(0.7)
    for text in texts:
        made.add(text)
    return made


def test_a_text_is_found_word_for_word_and_almost() -> None:
    there = shelf(FOX, "What is rain?")
    assert there.like("what is RAIN") == "repeated"
    assert there.like(FOX + " sun") == "alike"
    assert there.like("Tell me why the slow brown bear sleeps under a tall tree in the evening") is None


def test_evaluation_prompts_are_told_apart() -> None:
    there = shelf()
    there.add(FOX, "held_out")
    assert [there.like(FOX), there.like(FOX + " sun")] == ["held_out", "held_out"]


def harvest(wanted: int, *texts: str) -> Harvest:
    """Nothing was asked yet."""
    return Harvest(shelf(*texts), shelf(), wanted, most_tries(wanted))


def test_a_harvest_ends_when_it_is_enough_or_nothing_new_comes() -> None:
    enough = harvest(2, "What is rain?")
    enough.take(["What is rain?", "What is snow?", "What is snow", "What is hail?", "What is fog?"])
    assert enough.done
    assert enough.texts == ["What is snow?", "What is hail?"]
    assert enough.dropped == {"repeated": 2}
    tired = harvest(5, "What is rain?")
    for _ in range(FRUITLESS):
        assert not tired.done
        tired.take(["What is rain?"])
    assert tired.done
    assert tired.texts == []


def test_tries_are_bounded_however_little_each_brings() -> None:
    slow = harvest(20)
    for number in range(100):
        slow.take([f"What is thing number {number}?"])
    assert slow.tries == most_tries(20) == len(slow.texts) == 7


Marks = tuple[list[str], frozenset[str], set[tuple[int, int]]]


class Plain:
    """A shelf as one would write it that may be as large as it likes: every text is compared with every other one."""

    def __init__(self, near: float) -> None:
        self.near = near
        self.there: list[tuple[Marks, str]] = []

    def add(self, text: str, kind: str) -> None:
        self.there.append((self.marks(text), kind))

    def like(self, text: str) -> str | None:
        said, own, mine = self.marks(text)
        same = [kind for (other, _, _), kind in self.there if other == said]
        if same:
            return same[0]
        for (_, theirs, shared), kind in self.there:
            if mine & shared and jaccard(own, theirs) >= self.near:
                return "alike" if kind == "repeated" else kind
        return None

    def marks(self, text: str) -> Marks:
        own = shingles(text, SHINGLE)
        return words(text), own, set(signature(own, bands(self.near)))


def test_many_texts_are_found_as_if_each_was_compared_with_each() -> None:
    dice, plain, made = random.Random(5), Plain(0.7), Shelf(0.7)
    drawn = [" ".join(dice.choices("abcdefghij", k=dice.randint(0, 30))) for _ in range(60)]
    for _ in range(240):
        said = dice.choice(drawn).split()
        for _change in range(dice.randint(0, 2)):
            said[dice.randint(0, len(said)) :] = [dice.choice("xyz")]
        text, kind = " ".join(said), dice.choice(["repeated", "held_out"])
        assert made.like(text) == plain.like(text)
        made.add(text, kind)
        plain.add(text, kind)
    assert {plain.like(" ".join([*text.split(), "new"])) for text in drawn} >= {"held_out", "alike"}


def test_a_text_takes_little_memory_however_long_it_is() -> None:
    made, number = Shelf(0.8), 2_000
    tracemalloc.start()
    try:
        for place in range(number):
            made.add(f"{place} " + " ".join(f"word{place % 97}-{at}" for at in range(30)))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made.like(f"{number - 1} " + " ".join(f"word{(number - 1) % 97}-{at}" for at in range(30))) == "repeated"
    assert held < 800 * number
