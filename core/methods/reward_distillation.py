"""Reward distillation (arXiv 2405.19316): the implicit rewards are fitted to the scores of one scorer or several."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from core.methods.method import Beta, Hyperparameters, Members, Method, Tau


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("names a scorer twice; name each once")
    return names


Names = Annotated[tuple[str, ...], Field(min_length=1, max_length=16), AfterValidator(_once)]


class RewardDistillationConfig(Hyperparameters):
    """Hyperparameters of reward distillation."""

    facts: ClassVar[Method] = Method(
        name="reward_distillation",
        needs_reference=True,
        needs_scores=True,
        summary="regression of z on the score difference, whatever the label says; one scorer or an ensemble",
        ensemble=True,
        usual_beta=(0.01, 1.0),
    )

    beta: Beta = 0.1
    tau: Tau = Field(
        "auto", description="scale of each scorer's difference; auto: its standard deviation on the training split"
    )
    gamma: float = Field(0.0, ge=0, le=100, description="weight of KL(reference || policy) on the pair's answers")
    scorers: Literal["first", "all"] | Names = Field(
        "first", description="first: the scores on the pairs; all, or names: an ensemble of the dataset's rewards"
    )

    @property
    def members(self) -> Members | None:
        """Of an ensemble."""
        return None if self.scorers == "first" else self.scorers
