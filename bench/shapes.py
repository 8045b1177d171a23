"""Students made in place from a config: Llama's architecture, random weights, a tokenizer of whole words."""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from tiny import tokenizer


@dataclass(frozen=True)
class Shape:
    """The sizes of a student; its embedding is its head too."""

    width: int
    layers: int
    heads: int
    key_heads: int
    head: int  # width of a head
    inner: int
    vocabulary: int

    @property
    def layer(self) -> int:
        """Weights of the matrices of a layer."""
        attention = 2 * self.heads * self.head + 2 * self.key_heads * self.head
        return self.width * (attention + 3 * self.inner)

    @property
    def body(self) -> int:
        """Weights of the matrices that each token goes through."""
        return self.layers * self.layer

    @property
    def output(self) -> int:
        """Weights of the head."""
        return self.width * self.vocabulary


SHAPES = {
    "tiny": Shape(width=96, layers=4, heads=3, key_heads=3, head=32, inner=256, vocabulary=440),
    "0.5b": Shape(width=896, layers=24, heads=14, key_heads=2, head=64, inner=4864, vocabulary=151_936),
    "1.7b": Shape(width=2048, layers=28, heads=16, key_heads=8, head=128, inner=6144, vocabulary=151_936),
}


def make(shape: Shape, folder: Path, *, device: torch.device, seed: int = 0) -> Path:
    """Write a student of this shape in float32, its weights drawn on `device`; the same folder for the same seed."""
    words = tokenizer.build()
    end, pad = words.eos_token_id, words.pad_token_id
    torch.manual_seed(seed)
    with device:
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=max(shape.vocabulary, len(words)),
                hidden_size=shape.width,
                intermediate_size=shape.inner,
                num_hidden_layers=shape.layers,
                num_attention_heads=shape.heads,
                num_key_value_heads=shape.key_heads,
                head_dim=shape.head,
                max_position_embeddings=tokenizer.LENGTH,
                tie_word_embeddings=True,
                bos_token_id=None,
                eos_token_id=end,
                pad_token_id=pad,
            )
        )
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
