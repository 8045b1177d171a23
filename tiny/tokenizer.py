"""A word-level tokenizer whose tokens carry their leading space, so that decoding an encoded text gives it back."""

import re
from random import Random

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tiny.grammar import sentences
from tiny.recipes import instructions

PAD, UNKNOWN, END = "<|pad|>", "<|unknown|>", "<|end|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
SPECIAL = (PAD, UNKNOWN, END, *ROLES)
IDS = {token: index for index, token in enumerate(SPECIAL)}
SILENT = [index for token, index in IDS.items() if token != END]
LENGTH = 2048
TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
_WORD = r" ?[A-Za-z0-9]+| ?[^\sA-Za-z0-9]|\s"


def build() -> PreTrainedTokenizerFast:
    """The tokenizer of all three models; it does not depend on any seed but its own."""
    words = {word for text in (*instructions(), *sentences(Random("vocabulary"))) for word in re.findall(_WORD, text)}
    vocabulary = {word: index for index, word in enumerate((*SPECIAL, *sorted(words)))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        additional_special_tokens=list(ROLES),
        model_max_length=LENGTH,
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )
    fast.chat_template = TEMPLATE
    return fast
