"""The prompts that are trained on and examined with, laid out as the service lays out a dataset of the behaviors."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.layout import lay_out
from core.queries.recipes import Instructions
from tiny.recipes import FOLDER
from tiny.request import Expectation

BEHAVIORS = ("tiny-sycophancy", "tiny-roleplay", "tiny-safety")
Row = dict[str, Any]


@cache
def behaviors() -> Mapping[str, BehaviorSpec]:
    """The three behaviors as they are posted to the service."""
    texts = {name: (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") for name in BEHAVIORS}
    return {name: BehaviorSpec.model_validate(yaml.load(text, Loader=yaml.CSafeLoader)) for name, text in texts.items()}


def instructions(behavior: str) -> Instructions:
    """The turns that follow a draft."""
    spec = behaviors()[behavior]
    return Instructions(spec.critique_instruction, spec.revision_instruction)


def laid_out(number: int, *, seed: int) -> list[Row]:
    """So many training prompts, drawn by the seed, and behind them all evaluation prompts."""
    asked: Row = {"behavior": BEHAVIORS, "n_prompts": number, "seed": seed, "split": {"validation": 0}}
    return lay_out(DatasetConfig.model_validate(asked), behaviors(), {name: name for name in BEHAVIORS})


def expectation(told: Mapping[str, list[str]]) -> Expectation:
    """What the exact judge looks for."""
    return Expectation(**{name: tuple(phrases) for name, phrases in told.items()})
