"""Conditions that a dataset was asked for in the same way as one that is asked about."""

from typing import Any, Literal

from sqlalchemy import and_, cast, func
from sqlalchemy.dialects.postgresql import JSONB

from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.teacher import TeacherConfig
from core.tables import Dataset

TURNS: tuple[Literal["draft", "critique", "revision"], ...] = ("draft", "critique", "revision")
ADDRESS = ("engine", "model", "base_url")


def same_model(teacher: TeacherConfig) -> Any:
    """Its teacher is this model, however it sampled."""
    told = Dataset.config["teacher"]
    return and_(*(told[name].as_string().is_not_distinct_from(getattr(teacher, name)) for name in ADDRESS))


def same_teacher(teacher: TeacherConfig) -> Any:
    """It asked this teacher for turns that may be as long."""
    told, same = Dataset.config["teacher"], same_model(teacher)
    for turn in TURNS:
        own, common = told["turns"][turn]["max_tokens"].as_integer(), told["sampling"]["max_tokens"].as_integer()
        same &= func.coalesce(own, common) == teacher.sampling_of(turn).max_tokens
    return same


def same_shape(config: DatasetConfig) -> Any:
    """Its chains have the same turns: what they read depends on how many there are."""
    return (
        (Dataset.config["strategy"].as_string() == config.strategy)
        & (Dataset.config["rounds"].as_integer() == config.rounds)
        & (Dataset.config["best_of"].as_integer() == config.best_of)
        & (Dataset.config["wrappers"].as_boolean() == config.wrappers)
    )


def same_scorer(reward: RewardConfig) -> Any:
    """It was scored by exactly this scorer, beside others or alone."""
    return Dataset.config["reward"].contains(cast([reward.model_dump(mode="json")], JSONB))
