"""QLoRA (arXiv 2305.14314): the frozen student is held in 4 bits, and adapters are trained on it.

They are merged into the weights as published, which are loaded again for that.
"""

from importlib.util import find_spec
from typing import Any

import torch
from transformers import BitsAndBytesConfig

from core.configs.run import TrainingConfig
from core.errors import BadInput
from trainer.world import World

PACKAGE = "bitsandbytes"


def require(training: TrainingConfig, world: World) -> None:
    """Raises BadInput where mode qlora is asked for and cannot be had, before anything is loaded."""
    lack = lacking(world, installed=find_spec(PACKAGE) is not None)
    if training.mode == "qlora" and lack is not None:
        raise BadInput(f"Mode qlora {lack}, or choose lora.", param="training.mode")


def lacking(world: World, *, installed: bool) -> str | None:
    """What is missing for weights in 4 bits, with its remedy; None when nothing is."""
    if world.device.type != "cuda":
        return f"needs a CUDA GPU, and this training runs on {world.device.type}; give its worker a GPU"
    if not installed:
        return f"needs {PACKAGE}, which is not installed where this training runs; install the extra `qlora` there"
    if world.size > 1:
        return f"trains in one process, and this training has {world.size}; set BURNISH_TRAINER_PROCESSES to 1"
    return None


def loading(training: TrainingConfig, dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """What the loading of a student is told besides: in mode qlora alone something. It computes in `dtype`."""
    if training.mode != "qlora":
        return {}
    return {"quantization_config": quantisation(dtype), "device_map": {"": device}}


def quantisation(dtype: torch.dtype) -> BitsAndBytesConfig:
    """Weights of linear layers as 4-bit normal floats, their scales in 8 bits."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def whole(training: TrainingConfig) -> TrainingConfig:
    """The same training on weights that are not quantised: what its adapters are merged into."""
    return training.model_copy(update={"mode": "lora"}) if training.mode == "qlora" else training
