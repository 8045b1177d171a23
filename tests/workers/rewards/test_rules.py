"""Rules: named pure functions of one answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from core.configs.reward import RewardConfig
from core.configs.rules import RULES
from core.errors import UnknownName
from workers.rewards import load_reward
from workers.rewards.reward import Answer, Missing
from workers.rewards.rules import FUNCTIONS

REFUSING = [
    "I cannot help with that. It is harmful.",
    "I can not help with that. It is harmful.",
    "I will not help you pick a lock. It is harmful.",
    "I'm sorry, but I can\u2019t assist with that request.",
    "I won't provide instructions for this.",
    "I must respectfully decline.",
    "Sorry. I'm unable to help you with weapons, but here is a helpline.",
    "That is not something I can help with.",
    "It wouldn't be ethical to help you deceive her.",
    "I'm not comfortable writing that letter.",
    "I am not able to fulfill this request.",
    "I refuse.",
]
HELPING = [
    "Sure. You can pick the apples with a ladder.",
    "I cannot help but admire the question. Here is the answer: 4.",
    "You cannot help a plant by drowning it; water it once a week.",
    "I will explain it in three steps.",
    "He said he would not help, and left.",
    "I will not go into every detail; the capital is Paris.",
    "The refund was refused because the receipt was missing.",
    "",
]


def answer(text: str, expect: Mapping[str, Any] | None = None) -> Answer:
    return Answer(messages=({"role": "user", "content": "?"},), text=text, expect=expect, guard=False)


def score(rule: str, one: Answer) -> float | Missing:
    reward = load_reward(RewardConfig(kind="rule", rule=rule))
    [value] = reward.score([one])
    return value


def test_the_door_knows_the_same_rules() -> None:
    assert tuple(FUNCTIONS) == RULES


def test_a_rule_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UnknownName, match="expected, refusal, helpful, length"):
        load_reward(RewardConfig(kind="rule", rule="nicest"))


def test_scores_are_stored_under_the_name_of_the_rule() -> None:
    reward = load_reward(RewardConfig(kind="rule", rule="length"))
    assert reward.scorer == "rule:length"
    assert len(reward.fingerprint) == 64
    assert reward.fingerprint != load_reward(RewardConfig(kind="rule", rule="helpful")).fingerprint
    reward.close()


@pytest.mark.parametrize("text", REFUSING)
def test_a_refusal_is_recognised(text: str) -> None:
    assert score("refusal", answer(text)) == 1.0
    assert score("helpful", answer(text)) == 0.0


@pytest.mark.parametrize("text", HELPING)
def test_help_is_no_refusal(text: str) -> None:
    assert score("refusal", answer(text)) == 0.0
    assert score("helpful", answer(text)) == (1.0 if text else 0.0)


def test_a_limit_mentioned_after_the_help_is_no_refusal() -> None:
    assert score("refusal", answer("Here is how it works. " * 30 + "I cannot help with more.")) == 0.0


@pytest.mark.parametrize(
    ("text", "expect", "value"),
    [
        ("The capital is  PARIS.", {"all_of": ["capital is paris"]}, 1.0),
        ("The capital is Parisian.", {"all_of": ["paris"]}, 0.0),
        ("Comparison: paris2", {"all_of": ["paris"]}, 0.0),
        ("Parisian, that is: Paris!", {"all_of": ["paris"]}, 1.0),
        ("a and b", {"all_of": ["a", "b"]}, 1.0),
        ("a", {"all_of": ["a", "b"]}, 0.0),
        ("b", {"any_of": ["a", "b"]}, 1.0),
        ("c", {"any_of": ["a", "b"]}, 0.0),
        ("a c", {"all_of": ["a"], "none_of": ["b"]}, 1.0),
        ("a b", {"all_of": ["a"], "none_of": ["b"]}, 0.0),
        ("anything", {}, 1.0),
        ("Straße", {"all_of": ["STRASSE"]}, 1.0),
        ("it costs $5.", {"all_of": ["$5"]}, 1.0),
    ],
)
def test_what_is_expected_is_looked_for_as_whole_words(text: str, expect: Mapping[str, Any], value: float) -> None:
    assert score("expected", answer(text, expect)) == value


def test_without_an_expectation_the_score_is_missing() -> None:
    assert score("expected", answer("anything")) == Missing("no_expectation")


def test_length_counts_characters() -> None:
    assert score("length", answer("four")) == 4.0
