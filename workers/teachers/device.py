"""Where a model runs in the engines that stand on transformers."""

import torch
from transformers import PreTrainedModel


def placed(model: PreTrainedModel) -> PreTrainedModel:
    """The model on the best device there is, ready to answer."""
    moved: PreTrainedModel = model.eval().to(device=best_device())
    return moved


def best_device() -> torch.device:
    """The accelerator that is there, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def load_dtype() -> torch.dtype | str:
    """float32 on the CPU, what the weights are stored in elsewhere."""
    return torch.float32 if best_device().type == "cpu" else "auto"
