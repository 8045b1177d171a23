"""Robust DPO (arXiv 2403.00409): DPO's loss corrected for labels that were flipped by chance."""

from typing import ClassVar

from pydantic import Field

from core.methods.method import Beta, Hyperparameters, Method


class RobustDpoConfig(Hyperparameters):
    """Hyperparameters of robust DPO."""

    facts: ClassVar[Method] = Method(
        name="robust_dpo",
        needs_reference=True,
        needs_scores=False,
        summary="DPO corrected for a known share of flipped labels, epsilon; right on average over the flips",
        usual_beta=(0.01, 0.5),
        warning=(
            "The loss of robust_dpo is unbounded below: it goes on falling as margins grow, without becoming better. "
            "Train few epochs, watch abs_z and kl, or choose conservative_dpo."
        ),
    )

    beta: Beta = 0.1
    epsilon: float = Field(0.1, ge=0, lt=0.5, description="share of labels that are flipped")
