"""The student: weights, tokenizer, and in modes lora and qlora the adapter that is trained instead of the weights."""

from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from core.attention import attention_of
from core.configs.run import TrainingConfig
from core.errors import BadInput
from core.seeds import derive_seed
from trainer import four_bits
from trainer.text_model import adapted, freeze_the_rest

FLOATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Student:
    """`model` is the causal model that computes; `adapter` is peft's view of the same where there is one.

    `dtype` is the arithmetic's, `stored` that of the weights as the student was published. `whole` is there where
    each process holds a part of every weight: forward passes go through it (`trainer.sharding`).
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    adapter: PeftModel | None
    dtype: torch.dtype
    stored: torch.dtype
    whole: nn.Module | None = None

    def trained(self) -> list[tuple[str, nn.Parameter]]:
        """The parameters that are trained, by name; tied ones once."""
        return [(name, p) for name, p in self.model.named_parameters() if p.requires_grad]

    @property
    def held_in(self) -> list[str]:
        """The types in which this process holds the weights, those of adapters apart."""
        return sorted({str(p.dtype) for name, p in self.model.named_parameters() if "lora_" not in name})

    @property
    def pad(self) -> int:
        """The token that fills a row; it is never looked at."""
        return int(self.tokenizer.pad_token_id or 0)

    @property
    def end_tokens(self) -> frozenset[int]:
        """The tokens at which generation ends."""
        end = self.model.generation_config.eos_token_id if self.model.generation_config else None
        return frozenset([end] if isinstance(end, int) else end or [])


def load(folder: Path, config: TrainingConfig, device: torch.device, *, held: torch.device | None = None) -> Student:
    """The student as it is published: safetensors only, no code from the folder. Raises BadInput when it cannot be.

    It is to compute on `device`, and held there unless told otherwise. Weights that are trained are held in float32:
    those of its text model, where it has others too.
    With bfloat16 arithmetic a frozen base is held in bfloat16, in mode qlora its linear layers in 4 bits.
    """
    dtype = arithmetic(config, device)
    kept = torch.float32 if config.mode == "full" else dtype
    four = four_bits.loading(config, dtype, device)
    try:
        settings = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=kept, use_safetensors=True, trust_remote_code=False, local_files_only=True,
            attn_implementation=attention_of(settings), **four,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BadInput(f"The student {folder.name!r} cannot be loaded: {error}.", param="student") from error
    rows = int(model.get_input_embeddings().weight.size(0))  # type: ignore[operator]  # a Parameter, says nobody
    if len(tokenizer) > rows:
        raise BadInput(
            f"The student's tokenizer has {len(tokenizer)} tokens, its embedding only {rows}; they are no match.",
            param="student",
        )
    stored = settings.dtype if isinstance(settings.dtype, torch.dtype) else torch.float32
    if four:  # it is where it belongs
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    else:
        nn.Module.to(model, held or device)
    freeze_the_rest(model)
    if config.gradient_checkpointing:
        _recompute(model)
    return Student(model, tokenizer, None, dtype, stored)


def _recompute(model: PreTrainedModel) -> None:
    """Of each block keep what goes into it alone, and go through it again for its gradient."""
    try:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    except ValueError as error:
        param = "training.gradient_checkpointing"
        raise BadInput(
            f"The student cannot compute its activations anew: {error} Leave it out.", param=param
        ) from error


def arithmetic(config: TrainingConfig, device: torch.device) -> torch.dtype:
    """`auto`: bfloat16 on a GPU that has it, float32 elsewhere."""
    if config.dtype != "auto":
        return FLOATS[config.dtype]
    return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32


def with_adapter(student: Student, config: TrainingConfig) -> Student:
    """In modes lora and qlora: the student with fresh adapters, drawn from the seed, as its only trained weights.

    Fresh ones add zeros to the student's outputs. One that has its adapters keeps them.
    """
    if config.mode == "full" or student.adapter is not None:
        return student
    torch.manual_seed(derive_seed(config.seed, "lora"))
    lora = LoraConfig(
        r=config.lora.rank,
        lora_alpha=config.lora.alpha,  # type: ignore[arg-type]  # peft divides it by the rank; any number will do
        lora_dropout=config.lora.dropout,
        target_modules=adapted(student.model, config.lora.targets),
        task_type="CAUSAL_LM",
    )
    try:
        adapter = get_peft_model(student.model, lora, autocast_adapter_dtype=True)
    except ValueError as error:
        raise BadInput(f"LoRA cannot be applied: {error}.", param="training.lora.targets") from error
    assert isinstance(adapter, PeftModel)
    computing = adapter.get_base_model()
    assert isinstance(computing, PreTrainedModel)
    return Student(computing, student.tokenizer, adapter, student.dtype, student.stored)
