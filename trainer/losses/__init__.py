"""The table of losses: one method, one file, one pure function; hyperparameters and facts stand in `core/methods/`."""

from collections.abc import Callable

from torch import Tensor

from trainer.losses.dpo import dpo
from trainer.losses.rdpo import rdpo

__all__ = ["LOSSES", "Loss", "dpo", "rdpo"]

Loss = Callable[..., Tensor]  # (PairTensors, **hyperparameters) -> losses [B], unreduced

LOSSES: dict[str, Loss] = {
    "rdpo": rdpo,
    "dpo": dpo,
}
