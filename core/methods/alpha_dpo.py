"""Alpha-DPO (arXiv 2410.10148): SimPO whose target margin follows how far policy and reference differ on the pair."""

from typing import ClassVar

from pydantic import Field

from core.methods.method import Beta, Hyperparameters, Method


class AlphaDpoConfig(Hyperparameters):
    """Hyperparameters of alpha-DPO."""

    facts: ClassVar[Method] = Method(
        name="alpha_dpo",
        needs_reference=True,
        needs_scores=False,
        summary="SimPO with a target margin of each pair's own, from its gap between policy and reference",
        averaged=True,
        running=True,
        usual_beta=(1.0, 10.0),
    )

    beta: Beta = 2.5
    gamma_over_beta: float = Field(0.6, ge=0, le=100, description="target margin, nats per token: gamma / beta")
    alpha: float = Field(0.2, ge=0, le=100, description="weight of the normalised gap in the margin; 0: simpo")
