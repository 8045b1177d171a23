"""The benchmark of pipeline and engine asks for what the miniature world has."""

import yaml

from bench.generation import options
from bench.pipeline import BEHAVIOR, RECIPE, asked
from core.configs.behavior import BehaviorSpec
from core.layout import lay_out


def test_a_window_of_the_default_size_can_be_laid_out() -> None:
    prompts = options().parse_args([]).prompts
    spec = BehaviorSpec.model_validate(yaml.safe_load(RECIPE.read_text()))
    rows = lay_out(asked(prompts, seed=0), {BEHAVIOR: spec}, {BEHAVIOR: BEHAVIOR})
    assert sum(row["split"] != "evaluation" for row in rows) == prompts
