"""The three models' shapes, and how they are saved: Llama from a config, bf16 safetensors, a folder that is whole."""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from tiny.tokenizer import END, IDS, LENGTH, PAD, SILENT

FOLDER = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Shape:
    """The size of a model; a head is always 32 wide."""

    width: int
    layers: int
    inner: int


TEACHER = Shape(width=128, layers=4, inner=320)
STUDENT = Shape(width=96, layers=4, inner=256)


def config(shape: Shape, tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    """A Llama config of this shape whose vocabulary is exactly the tokenizer's."""
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.width // 32,
        num_key_value_heads=shape.width // 32,
        head_dim=32,
        max_position_embeddings=LENGTH,
        initializer_range=0.05,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=IDS[END],
        pad_token_id=IDS[PAD],
    )


def language_model(shape: Shape, tokenizer: PreTrainedTokenizerFast, *, seed: int) -> LlamaForCausalLM:
    """An untrained model that speaks."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config(shape, tokenizer))
    model.generation_config = GenerationConfig(
        eos_token_id=IDS[END], pad_token_id=IDS[PAD], suppress_tokens=SILENT, max_new_tokens=48
    )
    return model


def reward_model(student: LlamaForCausalLM, *, seed: int) -> LlamaForSequenceClassification:
    """A model with one raw logit that starts from the student's body."""
    torch.manual_seed(seed)
    settings = LlamaConfig.from_dict({**student.config.to_dict(), "num_labels": 1})
    model = LlamaForSequenceClassification(settings)
    model.model.load_state_dict(student.model.state_dict())
    torch.nn.init.normal_(model.score.weight, std=0.02)
    return model


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, *, folder: Path) -> None:
    """Write the model, its weights rounded to bf16, with its tokenizer. The model in hand is rounded too."""
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(folder)  # type: ignore[arg-type]  # transformers' stub of `to` is wrong
    model.to(torch.float32)  # type: ignore[arg-type]  # the same
    tokenizer.save_pretrained(folder)
