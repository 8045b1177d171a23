"""The number in a judge's words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.configs.behavior import Rubric
from workers.rewards.rating import rating
from workers.rewards.reward import Missing

FIVES = Rubric(instruction="Rate it.", minimum=-5, maximum=5)
WIDE = Rubric(instruction="Rate it.", minimum=-1e6, maximum=1e6)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).filter(lambda text: "score:" not in text.lower())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Score: 3", 3.0),
        ("Score: -2.5", -2.5),
        ("Score: \u22122.5", -2.5),  # a minus sign
        ("Score: \uff0d1", -1.0),
        ("Score: +4", 4.0),
        ("Score: -0", 0.0),
        ("Score: .5", 0.5),
        ("Score: 4.", 4.0),
        ("Score: 4/5", 4.0),
        ("Score: 4 / 5", 4.0),
        ("Score: -4 out of 5", -4.0),
        ("Score: 4 of 5 (good)", 4.0),
        ("Score: 3 ... Score: 4", 4.0),
        ("Score: 3 at first, then 4", 4.0),
        ("Score: 3\nIt names 2 of 7 things.", 3.0),
        ("Score:\n\n3\n", 3.0),
        ("**Score:** 3", 3.0),
        ("**Score**: **3**", 3.0),
        ("`SCORE:` [2]", 2.0),
        ("I weighed it.\n\nscore: \\boxed{2}", 2.0),
        ("The rule says to write Score: 5, but no.\nScore: 1", 1.0),
    ],
)
def test_the_last_number_behind_the_anchor_is_the_score(text: str, value: float) -> None:
    found = rating(text, FIVES)
    assert found == value
    assert isinstance(found, float)
    assert math.copysign(1.0, found) == math.copysign(1.0, value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unparsed"),
        ("3", "unparsed"),
        ("I give it a 3.", "unparsed"),
        ("Score 3", "unparsed"),
        ("Score:", "unparsed"),
        ("Score: three", "unparsed"),
        ("Score: N/A\n3 things are wrong.", "unparsed"),
        ("Score: 3\nScore:", "unparsed"),  # the last anchor counts; nothing is carried over
        ("Score: 3\nScore: none", "unparsed"),
        ("Score: 3,5", "unparsed"),
        ("Score: 3.5.1", "unparsed"),
        ("Score: GPT-4", "unparsed"),
        ("Score: 4th", "unparsed"),
        ("Score: \u00bd", "unparsed"),
        ("Score: 3-4", "ambiguous"),
        ("Score: 3 \u2013 4", "ambiguous"),
        ("Score: 3 to 4", "ambiguous"),
        ("Score: - 3", "ambiguous"),
        ("Score: 4/10", "other_scale"),
        ("Score: 80%", "other_scale"),
        ("Score: 6", "out_of_range"),
        ("Score: -5.01", "out_of_range"),
        ("Score: 1,000", "out_of_range"),
        ("Score: 1e999", "out_of_range"),
        ("Score: " + "9" * 5_000, "out_of_range"),
    ],
)
def test_what_is_no_score_says_why(text: str, reason: str) -> None:
    assert rating(text, FIVES) == Missing(reason)


@pytest.mark.parametrize(("text", "value"), [("1,000", 1000.0), ("-12,345.5", -12345.5), ("1e3", 1000.0)])
def test_thousands_and_powers_are_read(text: str, value: float) -> None:
    assert rating(f"Score: {text}", WIDE) == value


def test_a_share_of_the_maximum_is_read_on_a_scale_of_a_hundred() -> None:
    hundred = Rubric(instruction="Rate it.", maximum=100)
    assert rating("Score: 80%", hundred) == 80.0
    assert rating("Score: 80/100", hundred) == 80.0


def test_an_anchor_of_ones_own_is_taken_literally() -> None:
    own = Rubric(instruction="Rate it.", anchor="[final_score] =", maximum=5)
    assert rating("[final_score] = 4", own) == 4.0
    assert rating("final_score = 4", own) == Missing("unparsed")


@given(
    WORDS,
    st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
    WORDS.filter(lambda text: text.isspace() or not text),
)
def test_every_number_comes_back_whatever_was_said_before(before: str, number: float, after: str) -> None:
    assert rating(f"{before}\nScore: {number:.3f}{after}", WIDE) == pytest.approx(number, abs=1e-9)


@given(WORDS, st.integers(-999_999, 999_999))
def test_whole_numbers_come_back_with_and_without_commas(before: str, number: int) -> None:
    assert rating(f"{before}\nScore: {number:,}", WIDE) == float(number)
    assert rating(f"{before}\nScore: {number}", WIDE) == float(number)


@given(WORDS)
def test_without_an_anchor_there_is_no_score(text: str) -> None:
    assert rating(text, FIVES) == Missing("unparsed")


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_score_lies_on_the_scale_whatever_is_said(before: str, after: str) -> None:
    found = rating(f"{before} Score: {after}", FIVES)
    assert isinstance(found, Missing) or -5.0 <= found <= 5.0
