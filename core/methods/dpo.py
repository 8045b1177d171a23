"""DPO (arXiv 2305.18290)."""

from typing import ClassVar

from core.methods.method import Beta, Hyperparameters, Method


class DpoConfig(Hyperparameters):
    """Hyperparameters of DPO."""

    facts: ClassVar[Method] = Method(
        name="dpo",
        needs_reference=True,
        needs_scores=False,
        summary="direct preference optimisation: -log sigmoid(z)",
        usual_beta=(0.01, 0.5),
    )

    beta: Beta = 0.1
