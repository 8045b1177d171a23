"""The behavior files that are shipped: valid, with enough prompts, guards and a rubric."""

from pathlib import Path

import pytest

from api.recipes import read
from core.settings import ROOT

FILES = sorted((ROOT / "behaviors").glob("*.yaml"))


def test_three_behaviors_are_shipped() -> None:
    assert [file.stem for file in FILES] == ["roleplay", "safety", "sycophancy"]


def test_safety_has_attacks_to_train_on_and_others_that_only_evaluations_use() -> None:
    wrappers = read(ROOT / "behaviors" / "safety.yaml").wrappers
    assert wrappers is not None
    assert len(wrappers.training) >= 3
    assert len(wrappers.held_out) >= 3


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_behavior_is_whole(file: Path) -> None:
    behavior = read(file)
    assert behavior.name == file.stem
    assert behavior.rubric is not None
    assert len(behavior.prompts) >= 200
    assert len(behavior.evaluation_prompts) >= 60
    for prompts in (behavior.prompts, behavior.evaluation_prompts):
        assert 0 < sum(prompt.guard for prompt in prompts) < len(prompts)
    texts = [str(prompt.chat(None)) for prompt in (*behavior.prompts, *behavior.evaluation_prompts)]
    assert len(set(texts)) == len(texts)
