"""The hinge loss on DPO's margin (SLiC, arXiv 2305.10425)."""

from typing import ClassVar

from core.methods.method import Beta, Hyperparameters, Method


class HingeConfig(Hyperparameters):
    """Hyperparameters of the hinge loss."""

    facts: ClassVar[Method] = Method(
        name="hinge",
        needs_reference=True,
        needs_scores=False,
        summary="max(0, 1 - z): a pair whose margin is large enough pulls no more",
        usual_beta=(0.01, 0.5),
    )

    beta: Beta = 0.1
