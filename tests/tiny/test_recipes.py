"""The behavior files are what their seed makes of them, and evaluation stays apart from everything learnt."""

from random import Random

import pytest
import yaml

from tiny.build import SEED
from tiny.corpus import comparison_turns, student_turns, teacher_turns
from tiny.recipes import EVALUATION, FOLDER, POOL, RECIPES, behavior, render


@pytest.mark.parametrize("name", RECIPES)
def test_the_shipped_file_is_made_again_byte_for_byte(name: str) -> None:
    shipped = (FOLDER / f"tiny-{name}.yaml").read_text(encoding="utf-8")
    assert render(behavior(name, seed=SEED)) == shipped
    assert yaml.safe_load(shipped) == behavior(name, seed=SEED)


@pytest.mark.parametrize("name", RECIPES)
def test_guards_are_half_of_the_pool_and_two_fifths_of_the_evaluation(name: str) -> None:
    content = behavior(name, seed=SEED)
    for prompts, total, guards in (
        (content["prompts"], POOL, POOL // 2),
        (content["evaluation_prompts"], EVALUATION, EVALUATION * 2 // 5),
    ):
        assert len({prompt["text"] for prompt in prompts}) == len(prompts) == total
        assert sum(prompt["guard"] for prompt in prompts) == guards


def test_no_evaluation_prompt_is_ever_trained_on() -> None:
    held = {prompt["text"] for name in RECIPES for prompt in behavior(name, seed=SEED)["evaluation_prompts"]}
    pool = {prompt["text"] for name in RECIPES for prompt in behavior(name, seed=SEED)["prompts"]}
    assert len(held) == EVALUATION * len(RECIPES)
    assert not held & pool
    rng = Random("overlap")
    for _ in range(4_000):
        right, _ = comparison_turns(rng)
        for turns in (teacher_turns(rng), student_turns(rng), right):
            assert not held & {text for role, text in turns if role == "user"}


def test_another_seed_makes_other_prompts() -> None:
    assert behavior("safety", seed=SEED)["prompts"] != behavior("safety", seed=SEED + 1)["prompts"]
