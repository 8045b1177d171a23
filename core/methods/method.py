"""The facts about a method that the door and the trainer both need."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from core.configs.config import Config


@dataclass(frozen=True)
class Method:
    """Which columns and models the loss takes."""

    name: str
    needs_reference: bool
    needs_scores: bool
    summary: str


class Hyperparameters(Config):
    """What every method has; a method's own class adds its hyperparameters and states its facts."""

    facts: ClassVar[Method]

    beta: float = Field(0.1, gt=0, le=100, description="strength of the pull towards the reference")
    sft_weight: float = Field(0.0, ge=0, le=100, description="weight of an added SFT term on the chosen answer")
