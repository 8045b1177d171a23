"""What a new prompt may not repeat."""

from workers.growing.harvest import FRUITLESS, Harvest, most_tries
from workers.growing.shelf import Shelf

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
