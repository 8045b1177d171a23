"""Stop strings end an answer in text and in ids alike."""

from collections.abc import Sequence

from workers.teachers.stop import cut, found

WORDS = ["Paris", " is", " nice", "\n", "User", ":", " more"]


def decode(ids: Sequence[int]) -> str:
    return "".join(WORDS[number] for number in ids)


def test_an_answer_without_a_stop_string_is_kept() -> None:
    assert cut([0, 1, 2], ("User:",), decode) == ((0, 1, 2), "Paris is nice", False)


def test_an_answer_ends_before_the_first_stop_string() -> None:
    assert cut([0, 1, 2, 3, 4, 5, 6], ("User:", "more"), decode) == ((0, 1, 2), "Paris is nice", True)


def test_a_stop_string_at_the_start_leaves_nothing() -> None:
    assert cut([4, 5, 6], ("User:",), decode) == ((), "", True)


def test_a_stop_string_is_found_across_tokens() -> None:
    assert found([0, 3, 4, 5], ("User:",), decode)
    assert not found([0, 3, 4], ("User:",), decode)
    assert not found([0, 3, 4, 5], (), decode)
