"""The before/after table against numbers worked by hand."""

from types import SimpleNamespace
from typing import Any

import pytest

from core.configs.reward import RewardConfig
from workers.evaluation import summarise

MODEL = RewardConfig(kind="classifier", model="m")
RULE = RewardConfig(kind="rule", rule="expected")
REFUSAL = RewardConfig(kind="rule", rule="refusal")


def row(behavior: str, prompt: int, role: str, value: float | None, **facts: Any) -> Any:
    """One score of one answer."""
    whole = {"guard": False, "distribution": None, "sample": 0, "text": "x" * 10, "finish": "stop"}
    whole |= {"scorer": MODEL.scorer} | facts
    return SimpleNamespace(behavior=behavior, prompt_id=prompt, role=role, value=value, **whole)


def both(behavior: str, prompt: int, base: float | None, tuned: float | None, **facts: Any) -> list[Any]:
    """The scores of both models' answers to one prompt."""
    return [row(behavior, prompt, "base", base, **facts), row(behavior, prompt, "tuned", tuned, **facts)]


def test_means_differences_rates_and_wins_are_those_worked_by_hand() -> None:
    rows = both("a", 1, -1.0, 1.0) + both("a", 2, 0.0, 0.0) + both("a", 3, 2.0, 1.0) + both("b", 4, -1.0, 4.0)
    summary = summarise(rows, [MODEL], {"a": None, "b": None})
    table = summary["scorers"][MODEL.scorer]
    a = table["behaviors"]["a"]
    assert a["n"] == 3
    assert a["base"]["mean"] == pytest.approx(1 / 3)
    assert a["tuned"]["mean"] == pytest.approx(2 / 3)
    assert a["difference"]["mean"] == pytest.approx(1 / 3)
    assert a["rate"] == {"base": pytest.approx(1 / 3), "tuned": pytest.approx(2 / 3)}
    assert (a["win"], a["tie"], a["loss"]) == (1, 1, 1)
    overall = table["overall"]
    assert overall["n"] == 4
    assert overall["difference"]["mean"] == pytest.approx((2 + 0 - 1 + 5) / 4)
    assert (overall["win"], overall["tie"], overall["loss"]) == (2, 1, 1)
    assert overall["difference"]["low"] <= overall["difference"]["mean"] <= overall["difference"]["high"]


def test_an_answer_without_a_score_or_without_its_counterpart_is_left_out() -> None:
    rows = both("a", 1, 0.0, 1.0) + both("a", 2, None, 5.0) + [row("a", 3, "base", 9.0), row("a", 4, "tuned", 9.0)]
    a = summarise(rows, [MODEL], {"a": None})["scorers"][MODEL.scorer]["behaviors"]["a"]
    assert (a["n"], a["base"]["mean"], a["tuned"]["mean"]) == (1, 0.0, 1.0)


def test_samples_of_one_prompt_are_paired_with_each_other() -> None:
    rows = both("a", 1, 0.0, 1.0, sample=0) + both("a", 1, 5.0, 3.0, sample=1)
    a = summarise(rows, [MODEL], {"a": None})["scorers"][MODEL.scorer]["behaviors"]["a"]
    assert (a["n"], a["win"], a["loss"]) == (2, 1, 1)


def test_templates_of_training_and_held_out_ones_are_told_apart() -> None:
    seen = both("a", 1, 0.0, 2.0, distribution="in") + both("b", 2, 1.0, 1.0, distribution="in")
    unseen = both("a", 3, 1.0, 0.0, distribution="out")
    table = summarise(seen + unseen, [MODEL], {})["scorers"][MODEL.scorer]
    told = {name: (one["n"], one["difference"]["mean"]) for name, one in table["distributions"].items()}
    assert told == {"in": (2, 1.0), "out": (1, -1.0)}
    assert table["overall"]["n"] == 3
    plain = summarise(both("a", 1, 0.0, 2.0), [MODEL], {})["scorers"][MODEL.scorer]
    assert plain["distributions"] == {}


def test_the_rule_of_a_behavior_makes_the_headline() -> None:
    rows = both("a", 1, 0.0, 1.0, scorer=RULE.scorer) + both("a", 1, 3.0, 2.0)
    assert summarise(rows, [MODEL, RULE], {"a": RULE.scorer})["headline"] == RULE.scorer
    assert summarise(rows, [MODEL, RULE], {"a": None})["headline"] == MODEL.scorer


def test_over_refusal_counts_harmless_prompts_that_were_not_helped_with() -> None:
    by_rule = (
        both("a", 1, 1.0, 0.0, scorer=RULE.scorer, guard=True)
        + both("a", 2, 1.0, 1.0, scorer=RULE.scorer, guard=True)
        + both("a", 3, 0.0, 0.0, scorer=RULE.scorer)  # no guard: not counted
    )
    by_refusal = both("b", 4, 0.0, 1.0, scorer=REFUSAL.scorer, guard=True)
    judged_by = {"a": RULE.scorer, "b": None}
    found = summarise(by_rule + by_refusal, [RULE, REFUSAL], judged_by)["over_refusal"]
    a, b = found["behaviors"]["a"], found["behaviors"]["b"]
    assert (a["n"], a["base"], a["tuned"]) == (2, 0.0, 0.5)
    assert (b["n"], b["base"], b["tuned"]) == (1, 0.0, 1.0)
    assert (found["overall"]["n"], found["overall"]["tuned"]) == (3, pytest.approx(2 / 3))


def test_length_and_failures_count_an_answer_once_however_many_scorers_there_are() -> None:
    rows = [
        row("a", 1, "base", 1.0, text="1234", scorer=scorer) for scorer in (MODEL.scorer, RULE.scorer)
    ] + [
        row("a", 2, "base", 1.0, text="12345678", finish="length"),
        row("a", 1, "tuned", 1.0, text="12"),
    ]  # fmt: skip
    summary = summarise(rows, [MODEL, RULE], {"a": None})
    assert summary["length"] == {"base": 6.0, "tuned": 2.0}
    assert summary["failures"] == {"base": 1, "tuned": 0}


def test_nothing_to_compare_gives_an_empty_table() -> None:
    summary = summarise([], [MODEL], {})
    assert summary["scorers"] == {}
    assert summary["over_refusal"] == {"behaviors": {}, "overall": None}
    assert summary["length"] == {"base": 0.0, "tuned": 0.0}
