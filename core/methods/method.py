"""The facts about a method that the door and the trainer both need."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from core.configs.config import Config

Beta = Annotated[float, Field(gt=0, le=100, description="strength of the pull towards the reference")]
Tau = Annotated[float, Field(gt=0)] | Literal["auto"]
BESIDE_THE_LOSS = {"sft_weight", "scorers"}  # hyperparameters that are no arguments of the loss
Members = Literal["all"] | tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """Which columns and models the loss takes, and what it does with them.

    averaged: its log-probs are means over an answer's tokens. running: it takes the running mean and standard deviation
    of the gap. ensemble: it takes rewards and their scale by member. reads_rejected: it takes the log-probs of rejected
    answers; steps of a method that does not forward the chosen ones alone. usual_beta: what practitioners choose from.
    warning: what a user should hear before it is trained with.
    """

    name: str
    needs_reference: bool
    needs_scores: bool
    summary: str
    averaged: bool = False
    running: bool = False
    ensemble: bool = False
    reads_rejected: bool = True
    usual_beta: tuple[float, float] | None = None
    warning: str | None = None


class Hyperparameters(Config):
    """What every method has; a method's own class adds its hyperparameters and states its facts."""

    facts: ClassVar[Method]

    sft_weight: float = Field(0.0, ge=0, le=100, description="weight of an added SFT term on the chosen answer")

    @property
    def members(self) -> Members | None:
        """Columns of rewards that the loss reads instead of the scores on the pair, by scorer; None: none of them."""
        return None
