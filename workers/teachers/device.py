"""How the engines that stand on transformers load a model, where it runs, and how much it takes."""

import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedModel

from core.attention import attention_of
from workers.engine.frames import Frame

UNBOUNDED = 1 << 20  # tokens, for models that state no longest context
Kind = type[AutoModelForCausalLM] | type[AutoModelForSequenceClassification]


def loaded(kind: Kind, config: Frame) -> PreTrainedModel:
    """The model of an engine's config on the best device, from safetensors alone, an adapter merged into it.

    Raises OSError, ValueError or KeyError.
    """
    told = AutoConfig.from_pretrained(config["model"], trust_remote_code=False, local_files_only=True)
    model: PreTrainedModel = kind.from_pretrained(
        config["model"],
        attn_implementation=attention_of(told),
        dtype=load_dtype() if config["dtype"] == "auto" else getattr(torch, config["dtype"]),
        trust_remote_code=False,
        use_safetensors=True,
        local_files_only=True,
    )
    if config.get("adapter"):
        model = PeftModel.from_pretrained(model, config["adapter"], torch_device="cpu").merge_and_unload()
    return placed(model)


def context_of(model: PreTrainedModel, most: int | None) -> int:
    """The longest sequence the model takes, in tokens, and no more than `most`."""
    own: int = getattr(model.config.get_text_config(), "max_position_embeddings", None) or UNBOUNDED
    return min(own, most or own)


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
