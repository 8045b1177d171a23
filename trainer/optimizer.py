"""AdamW, its groups, and the learning rate as a function of the step."""

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import AdamW

from core.configs.run import TrainingConfig

Named = Iterable[tuple[str, nn.Parameter]]


def adamw(parameters: Named, config: TrainingConfig) -> AdamW:
    """AdamW (arXiv 1711.05101); norms, biases and what is no matrix otherwise are not decayed.

    Its moments are there before the first step: a weight that never gets a gradient has them in checkpoints too.
    """
    named = list(parameters)
    decayed = [parameter for name, parameter in named if _decays(name, parameter)]
    spared = [parameter for name, parameter in named if not _decays(name, parameter)]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    optimizer = AdamW([group for group in groups if group["params"]], lr=config.learning_rate, fused=True)
    _prepare_moments(optimizer, [*decayed, *spared])
    return optimizer


def _decays(name: str, parameter: nn.Parameter) -> bool:
    """Biases of experts, norms by head and a state space's A_log have two dimensions, and are no matrices."""
    *_, module, own = ("", *name.split("."))
    return parameter.ndim >= 2 and not own.endswith(("bias", "A_log")) and "norm" not in module.lower()


def learning_rate(step: int, total: int, config: TrainingConfig) -> float:
    """The rate of a step (from 1): a linear warm-up, then the schedule, which ends at zero after the last step."""
    warm = math.ceil(config.warmup_ratio * total)
    if step <= warm:
        return config.learning_rate * step / warm
    done = (step - 1 - warm) / max(1, total - warm)
    shape = {"constant": 1.0, "linear": 1 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done))}
    return config.learning_rate * shape[config.schedule]


def set_rate(optimizer: AdamW, rate: float) -> None:
    """Use a learning rate from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def moments(optimizer: AdamW, parameters: Named) -> dict[str, torch.Tensor]:
    """The optimizer's state as named tensors, zeros before the first step."""
    return {
        f"{key}/{name}": value.detach()
        for name, parameter in parameters
        for key, value in optimizer.state[parameter].items()
    }


def _prepare_moments(optimizer: AdamW, parameters: Iterable[nn.Parameter]) -> None:
    """Give the optimizer a state of zeros, as the first step would that a weight has a gradient in."""
    for parameter in parameters:
        optimizer.state[parameter] = {
            "step": torch.zeros((), device=parameter.device),
            "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format, requires_grad=False),
            "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format, requires_grad=False),
        }
