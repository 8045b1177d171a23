"""A tiny random model of each family of decoders, wrapped as a student; grouped queries, two layers."""

from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
    Qwen3NextConfig,
)

from trainer.student import Student

SMALL: dict[str, Any] = {
    "vocab_size": 256, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0, "bos_token_id": None, "eos_token_id": 2,
    "initializer_range": 0.2,
}  # fmt: skip
SERVED: dict[str, PreTrainedConfig] = {
    "llama": LlamaConfig(**SMALL),
    "qwen2": Qwen2Config(**SMALL),
    "qwen3": Qwen3Config(**SMALL),
    "mistral": MistralConfig(**SMALL, sliding_window=None),
    "gemma": GemmaConfig(**SMALL),
    "gemma3": Gemma3TextConfig(**SMALL, sliding_window=128, layer_types=["sliding_attention", "full_attention"]),
}
SLIDING = MistralConfig(**SMALL, sliding_window=16)
CAPPED = Gemma2Config(**SMALL)
LINEAR = Qwen3NextConfig(
    **SMALL, linear_num_value_heads=2, linear_num_key_heads=2, linear_key_head_dim=8, linear_value_head_dim=8,
    num_experts=0, layer_types=["linear_attention", "full_attention"],
)  # fmt: skip
STATES = MambaConfig(vocab_size=256, hidden_size=32, num_hidden_layers=2, state_size=4, pad_token_id=0, eos_token_id=2)


def student_of(config: PreTrainedConfig) -> Student:
    """A student with random weights, in float32 on the CPU; its tokenizer knows a pad and nothing else."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    words = Tokenizer(WordLevel({"<pad>": 0}, unk_token="<pad>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>")
    return Student(model, tokenizer, None, torch.float32, torch.float32)
