"""Reward models: a classifier in an engine process, or a named rule; judges are loaded by `judge.load_judge`."""

from collections.abc import Callable

from core.configs.reward import RewardConfig
from workers.rewards.classifier import Classifier
from workers.rewards.reward import RewardModel
from workers.rewards.rule import Rule

KINDS: dict[str, Callable[[RewardConfig], RewardModel]] = {"classifier": Classifier, "rule": Rule}


def load_reward(config: RewardConfig) -> RewardModel:
    """Load what scores. Raises EngineDied when the engine does not come up, BadInput for a model it cannot load."""
    return KINDS[config.kind](config)
