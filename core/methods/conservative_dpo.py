"""Conservative DPO: DPO with smoothed labels."""

from typing import ClassVar

from pydantic import Field

from core.methods.method import Beta, Hyperparameters, Method


class ConservativeDpoConfig(Hyperparameters):
    """Hyperparameters of conservative DPO."""

    facts: ClassVar[Method] = Method(
        name="conservative_dpo",
        needs_reference=True,
        needs_scores=False,
        summary="DPO that takes each label to be wrong with probability epsilon",
        usual_beta=(0.01, 0.5),
    )

    beta: Beta = 0.1
    epsilon: float = Field(0.1, ge=0, lt=0.5, description="share of labels that are taken to be wrong")
