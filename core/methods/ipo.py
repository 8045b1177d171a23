"""IPO (arXiv 2310.12036)."""

from typing import ClassVar

from core.methods.method import Beta, Hyperparameters, Method


class IpoConfig(Hyperparameters):
    """Hyperparameters of IPO."""

    facts: ClassVar[Method] = Method(
        name="ipo",
        needs_reference=True,
        needs_scores=False,
        summary="a margin of 1/(2 beta) per token and no more: its squared distance",
        averaged=True,
        usual_beta=(0.01, 1.0),
    )

    beta: Beta = 0.1
