"""The table of losses: one method, one file, one pure function; hyperparameters and facts stand in `core/methods/`."""

from collections.abc import Callable

from torch import Tensor

from trainer.losses.alpha_dpo import alpha_dpo
from trainer.losses.conservative_dpo import conservative_dpo
from trainer.losses.dpo import dpo
from trainer.losses.hinge import hinge
from trainer.losses.ipo import ipo
from trainer.losses.rdpo import rdpo
from trainer.losses.reward_distillation import reward_distillation
from trainer.losses.robust_dpo import robust_dpo
from trainer.losses.sft import sft
from trainer.losses.simpo import simpo

__all__ = [
    "LOSSES", "Loss", "alpha_dpo", "conservative_dpo", "dpo", "hinge", "ipo", "rdpo", "reward_distillation",
    "robust_dpo", "sft", "simpo",
]  # fmt: skip

Loss = Callable[..., Tensor]  # (PairTensors, **hyperparameters) -> losses [B], unreduced

LOSSES: dict[str, Loss] = {
    "rdpo": rdpo,
    "dpo": dpo,
    "conservative_dpo": conservative_dpo,
    "robust_dpo": robust_dpo,
    "ipo": ipo,
    "hinge": hinge,
    "simpo": simpo,
    "alpha_dpo": alpha_dpo,
    "reward_distillation": reward_distillation,
    "sft": sft,
}
