"""Small random models with a real tokenizer and chat template, the same bytes for the same arguments."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
    SiglipVisionConfig,
)

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SPECIAL = ("<|pad|>", "<|im_start|>", "<|im_end|>")
CORPUS = (
    "Name the capital of France. The capital of France is Paris.",
    "Explain what is wrong with your previous answer, then rewrite it so that it is right.",
    "I am sorry, but I cannot help with that. Here is what I can do instead.",
)


def write_tokenizer(folder: Path, *, template: str | None = CHATML, special: tuple[str, ...] = SPECIAL) -> int:
    """Write a byte-level tokenizer with a few merges; the last special token ends a turn. Returns its length."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(special), initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=special[-1],
        pad_token=special[0],
        extra_special_tokens=list(special[1:-1]),
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = template
    fast.save_pretrained(folder)
    return len(fast)


def causal_model(folder: Path, *, seed: int = 0, context: int = 512, layers: int = 2) -> Path:
    """Write a random Llama of about 0.1 M parameters with a chat tokenizer, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    length = write_tokenizer(folder)
    torch.manual_seed(seed)
    model = LlamaForCausalLM(_config(length, context, layers))
    with torch.no_grad():
        model.lm_head.weight.mul_(8.0)  # so that the likeliest token is far ahead of the next one
    model.generation_config.eos_token_id = [2]
    model.save_pretrained(folder)
    return folder


def seeing_model(folder: Path, *, seed: int = 0) -> Path:
    """Write a random Gemma 3 of one layer that has eyes of one layer too, with a chat tokenizer; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    length = write_tokenizer(folder)
    torch.manual_seed(seed)
    text = Gemma3TextConfig(
        vocab_size=length, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=512, sliding_window=512, pad_token_id=0,
        bos_token_id=None, eos_token_id=2, initializer_range=0.2,
    )  # fmt: skip
    eyes = SiglipVisionConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=4
    )
    config = Gemma3Config(
        text_config=text, vision_config=eyes, mm_tokens_per_image=4, image_token_index=length, pad_token_id=0,
        bos_token_id=None, eos_token_id=2,
    )  # fmt: skip
    model = Gemma3ForConditionalGeneration(config)
    model.generation_config.eos_token_id = [2]
    model.save_pretrained(folder)
    return folder


def lora_adapter(folder: Path, *, base: Path, name: str, seed: int = 3) -> Path:
    """Write a LoRA adapter of rank 4 over a causal model, which it calls `name`; its weights change every answer."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM.from_pretrained(base)
    adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, init_lora_weights=False, target_modules="all-linear"))
    adapted.peft_config["default"].base_model_name_or_path = name
    adapted.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    return folder


def classifier_model(folder: Path, *, seed: int = 1, context: int = 512, labels: int = 1) -> Path:
    """Write a random Llama that gives `labels` logits for a chat, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    length = write_tokenizer(folder)
    torch.manual_seed(seed)
    config = _config(length, context, 2)
    config.num_labels = labels
    LlamaForSequenceClassification(config).save_pretrained(folder)
    return folder


def edit_config(folder: Path, **changes: object) -> None:
    """Change fields of a written model's config.json."""
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def _config(vocabulary: int, context: int, layers: int) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=context,
        bos_token_id=None,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=False,
        initializer_range=0.2,
    )
