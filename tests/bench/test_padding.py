"""Padding efficiency, counted by hand."""

import numpy as np

from bench.padding import Padding, needed, of_batches, of_rectangles
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair


def pair(name: str, *lengths: int) -> EncodedPair:
    """A pair whose tokens differ everywhere."""
    ids = [np.arange(length, dtype=np.int32) + 100 * part for part, length in enumerate(lengths)]
    return EncodedPair(name, ids[0], ids[1], ids[2], 0.0, 0.0)


PAIRS = [pair("a", 10, 4, 6), pair("b", 2, 3, 3)]


def test_the_last_token_of_an_answer_is_not_needed() -> None:
    assert needed(PAIRS) == (10 + 3 + 5) + (2 + 2 + 2)


def test_rectangles_are_as_wide_as_their_longest_row_and_hold_each_prompt_twice() -> None:
    assert of_rectangles(PAIRS, 2) == Padding(needed=24, own=14 + 16 + 5 + 5, forwarded=4 * 16)
    assert of_rectangles(PAIRS, 1) == Padding(needed=24, own=40, forwarded=2 * 16 + 2 * 5)


def test_packed_rows_hold_what_is_needed_and_no_more() -> None:
    packed = of_batches(PAIRS, Cutting(1000, form="pieces").batches(PAIRS))
    assert packed.figures == {"useful": 1.0, "filled": 1.0}


def test_our_plain_rows_are_told_with_their_padding() -> None:
    assert of_batches(PAIRS, Cutting(1000).batches(PAIRS)) == of_rectangles(PAIRS, 2)
