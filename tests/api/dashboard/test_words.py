"""Numbers, moments, differences and forms, without a browser."""

from datetime import UTC, datetime, timedelta

import pytest

from api.dashboard import words
from api.dashboard.asked import body_of
from api.dashboard.card import cards, verdict
from api.dashboard.diff import Piece, words_changed
from api.dashboard.fields import Fields
from api.dashboard.questions import method_cards, questions
from api.dashboard.render import environment
from core.configs.run import TrainingConfig
from core.methods.choice import method_names
from tests.factories.showroom import summary


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, words.DASH),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


def test_a_moment_is_told_in_one_unit() -> None:
    now = datetime.now(UTC)
    told = [words.ago(now - timedelta(seconds=seconds)) for seconds in (3, 60, 7300, 200_000)]
    assert told == ["just now", "1 minute ago", "2 hours ago", "2 days ago"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, words.DASH),
        (0.12345, "0.123"),
        (12.345, "12.3"),
        (0.00001, f"1.00e{words.MINUS}05"),
        (-2.5, f"{words.MINUS}2.50"),
    ],
)
def test_numbers_keep_three_digits(value: float | None, text: str) -> None:
    assert words.number(value) == text


def test_a_diff_holds_both_texts_whole() -> None:
    before, after = "Yes, you are right about bread.", "No. You are wrong about bread, sorry."
    pieces = words_changed(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert Piece("same", " about bread") in pieces


def test_the_diff_of_very_long_texts_is_the_two_texts() -> None:
    assert [piece.kind for piece in words_changed("a " * 3000, "b " * 3000)] == ["removed", "added"]


def test_the_card_draws_every_interval_inside_its_scale_and_puts_the_headline_first() -> None:
    found = cards(summary())
    assert [card.scorer for card in found] == ["rule:expected", "classifier:a-reward"]
    rows = [row for card in found for row in (*card.rows, card.overall) if row]
    assert all(8 <= end <= 232 for row in rows for end in (row.base.at_low, row.tuned.at_high))
    assert [row.verdict for row in found[0].rows] == ["better", "unclear"]


def test_the_card_tells_templates_of_training_and_held_out_ones_apart() -> None:
    told = summary()
    one = told["scorers"]["rule:expected"]
    one["distributions"] = {"in": one["overall"], "out": one["overall"] | {"n": 7}}
    card, other = cards(told)
    assert [(row.name, row.n) for row in card.sets] == [
        ("In templates of training", one["overall"]["n"]),
        ("In held-out templates", 7),
    ]
    assert other.sets == ()
    shown = environment().get_template("compared.html").module
    page = shown.result([card, other], told, verdict)  # type: ignore[attr-defined]  # a macro of the template
    assert page.count("In held-out templates") == 1


def test_a_form_at_its_defaults_asks_for_its_behaviors_alone() -> None:
    sent = [("once", "form_1"), ("dataset.behavior", "safety"), ("method.type", "rdpo"), ("student", "")]
    every = [*questions(TrainingConfig, "training"), *(one for card in method_cards() for one in card.questions)]
    sent += [(question.name, question.default) for question in every]
    assert body_of(Fields(tuple(sent))) == {"dataset": {"behavior": ["safety"]}}


def test_every_method_has_a_card_with_its_own_questions() -> None:
    found = method_cards()
    assert tuple(card.name for card in found) == method_names()
    assert all(question.name.startswith(f"method.{card.name}.") for card in found for question in card.questions)
