"""SimPO (arXiv 2405.14734)."""

from typing import ClassVar

from pydantic import Field

from core.methods.method import Beta, Hyperparameters, Method


class SimpoConfig(Hyperparameters):
    """Hyperparameters of SimPO; the defaults are those of alpha_dpo, so that the two differ in alpha alone."""

    facts: ClassVar[Method] = Method(
        name="simpo",
        needs_reference=False,
        needs_scores=False,
        summary="log-probs per token with a target margin, and no reference",
        averaged=True,
        usual_beta=(1.0, 10.0),
    )

    beta: Beta = 2.5
    gamma_over_beta: float = Field(0.6, ge=0, le=100, description="target margin, nats per token: gamma / beta")
