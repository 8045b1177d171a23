"""What is claimed of a method: the arms that are compared and the inequalities between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.claims import alpha_dpo, counterfactual, rdpo, reward_distillation
from bench.claims.arm import Arm
from bench.claims.inequality import Inequality


@dataclass(frozen=True)
class Claim:
    """A part of `claims.json`."""

    arms: Sequence[Arm]
    inequalities: Sequence[Inequality]


SWEEP = "rdpo-errors"
CLAIMS = {
    "rdpo": Claim(rdpo.arms(), rdpo.inequalities()),
    "reward_distillation": Claim(reward_distillation.arms(), reward_distillation.inequalities()),
    "counterfactual": Claim(counterfactual.arms(), counterfactual.inequalities()),
    "alpha_dpo": Claim(alpha_dpo.arms(), alpha_dpo.inequalities()),
    SWEEP: Claim(rdpo.swept(), ()),
}
