"""Every method's loss with arguments, as a run calls it: hyperparameters at their defaults, whatever else it takes."""

from collections.abc import Callable

import torch
from torch import Tensor

from core.methods.choice import MethodChoice, method_names
from core.methods.method import BESIDE_THE_LOSS
from trainer.losses import LOSSES
from trainer.pair_tensors import PairTensors

ALL = method_names()


def loss(name: str) -> Callable[[PairTensors], Tensor]:
    """The loss of a method on pairs with one reward, tau 1."""
    choice = MethodChoice.model_validate(name)
    values = choice.hyperparameters.model_dump(exclude=BESIDE_THE_LOSS)
    if choice.facts.ensemble:
        values["tau"] = [1.0]
    elif "tau" in values:
        values["tau"] = 1.0
    if choice.facts.running:
        values["running"] = (torch.tensor(0.05), torch.tensor(0.3))
    return lambda pairs: LOSSES[name](pairs, **values)
