"""Templates around prompts: which, where, and never those that are held out."""

from typing import Any

import pytest

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.errors import BadInput
from core.layout import lay_out
from tests.factories.ledger import behavior

TEMPLATES = {
    "training": [
        {"name": "pirate", "template": "Arr: {prompt}", "system": "You are a pirate."},
        {"name": "child", "template": "{prompt} I am five."},
    ],
    "held_out": [{"name": "robot", "template": "BEEP {prompt} BEEP"}],
}


def laid_out(templates: dict[str, Any] | None = TEMPLATES, **asked: Any) -> list[dict[str, Any]]:
    """The rows of a wrapped dataset of 40 prompts and 3 evaluation prompts."""
    plain = behavior("polite", prompts=40).model_dump() | {"system": "Be kind.", "wrappers": templates}
    config = DatasetConfig.model_validate({"behavior": "polite", "wrappers": True} | asked)
    return lay_out(config, {"polite": BehaviorSpec.model_validate(plain)}, {"polite": "beh_1"})


def test_prompts_of_training_stand_in_templates_of_training_alone() -> None:
    rows = [row for row in laid_out() if row["split"] != "evaluation"]
    assert {(row["wrapper"], row["distribution"]) for row in rows} == {("pirate", "in"), ("child", "in")}
    for row in rows:
        said, before = row["messages"][-1]["content"], row["plain"][-1]["content"]
        assert said == (f"Arr: {before}" if row["wrapper"] == "pirate" else f"{before} I am five.")


def test_a_template_brings_its_own_system_prompt_instead_of_the_other() -> None:
    heads = {row["wrapper"]: row["messages"][0]["content"] for row in laid_out()}
    assert heads == {"pirate": "You are a pirate.", "child": "Be kind.", "robot": "Be kind."}
    assert all([m["role"] for m in row["messages"]] == ["system", "user"] for row in laid_out())


def test_each_evaluation_prompt_comes_once_in_each_set() -> None:
    rows = [row for row in laid_out() if row["split"] == "evaluation"]
    assert [row["distribution"] for row in rows] == ["in", "out"] * 3
    assert {row["wrapper"] for row in rows if row["distribution"] == "out"} == {"robot"}


def test_without_held_out_templates_evaluation_prompts_come_once() -> None:
    rows = [row for row in laid_out(TEMPLATES | {"held_out": []}) if row["split"] == "evaluation"]
    assert [row["distribution"] for row in rows] == ["in"] * 3


def test_splits_and_order_are_those_of_the_plain_prompts() -> None:
    wrapped, plain = laid_out(), laid_out(wrappers=False)
    pairs = list(zip(wrapped, plain, strict=False))[:40]
    assert all((one["plain"], one["split"]) == (other["messages"], other["split"]) for one, other in pairs)
    assert {(row["wrapper"], row["plain"]) for row in plain} == {(None, None)}


def test_a_behavior_without_templates_is_refused() -> None:
    with pytest.raises(BadInput, match="'polite' has no wrappers") as caught:
        laid_out(None)
    assert caught.value.param == "wrappers"
