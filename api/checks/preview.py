"""A dataset as asked for, cut down to a preview."""

from collections.abc import Sequence
from typing import Any

from core.configs.dataset import DatasetConfig
from core.tables import Behavior

PROMPTS = 5


def shortened(config: DatasetConfig, behaviors: Sequence[Behavior]) -> DatasetConfig:
    """Five prompts, one chain each, all of them shown: none goes to validation."""
    change: dict[str, Any] = {"samples_per_prompt": 1, "split": {"validation": 0.0}}
    if config.prompts is not None:
        change["prompts"] = config.model_dump()["prompts"][:PROMPTS]
    else:
        change["n_prompts"] = min(PROMPTS, config.n_prompts or PROMPTS, *_there(config, behaviors))
    return DatasetConfig.model_validate(config.model_dump() | change)


def _there(config: DatasetConfig, behaviors: Sequence[Behavior]) -> list[int]:
    """How many prompts can be dealt evenly to the behaviors; nothing is known of another source."""
    if config.source is not None:
        return []
    return [min(len(row.body["prompts"]) for row in behaviors) * len(behaviors)]
