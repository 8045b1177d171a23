"""Refined DPO (arXiv 2402.08005): DPO whose loss also takes the two scores."""

from typing import ClassVar, Literal

from pydantic import Field

from core.methods.method import Beta, Hyperparameters, Method, Tau

Form = Literal["soft", "offset", "weight", "filter", "relabel"]


class RdpoConfig(Hyperparameters):
    """Hyperparameters of refined DPO."""

    facts: ClassVar[Method] = Method(
        name="rdpo",
        needs_reference=True,
        needs_scores=True,
        summary="refined DPO: the two scores say how sure the preference is",
        usual_beta=(0.01, 0.5),
    )

    beta: Beta = 0.1
    form: Form = "soft"
    tau: Tau = Field(
        "auto", description="scale of the score difference; auto: its standard deviation on the training split"
    )
