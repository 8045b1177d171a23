"""Chats as ids: what is appended is what the template would have rendered."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from core.errors import BadInput
from tests.factories.models import CHATML, SPECIAL, write_tokenizer
from workers.chat import Chat

QWEN = (
    "{%- if messages[0]['role'] != 'system' %}{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}"
    "{%- endif %}" + CHATML
)
LLAMA = (
    "{{- bos_token }}{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'"
    " + message['content'] | trim + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)
MISTRAL = (
    "{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] %}{%- set turns = messages[1:] %}"
    "{%- else %}{%- set system = '' %}{%- set turns = messages %}{%- endif %}{{- bos_token }}"
    "{%- for message in turns %}{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{- raise_exception('roles must alternate') }}{%- endif %}{%- if message['role'] == 'user' %}"
    "{{- '[INST] ' + (system + '\\n\\n' if loop.first and system else '') + message['content'] + '[/INST]' }}"
    "{%- else %}{{- ' ' + message['content'] + eos_token }}{%- endif %}{%- endfor %}"
)
# Thoughts of earlier answers are left out, as reasoning models do; answers without thoughts are kept.
THINKING = (
    "{%- for message in messages %}{%- set content = message['content'].split('</think>')[-1] %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + content + '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
FORGETFUL = (
    "{%- for message in messages[-1:] %}{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] +"
    " '<|im_end|>\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
JOINING = "{%- for message in messages %}{{- message['content'] + 'est ' }}{%- endfor %}"
LLAMA_TOKENS = ("<|pad|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
MISTRAL_TOKENS = ("<pad>", "<s>", "[INST]", "[/INST]", "</s>")
FAMILIES = {
    "chatml": (CHATML, SPECIAL, ""),
    "qwen": (QWEN, SPECIAL, ""),
    "llama": (LLAMA, LLAMA_TOKENS, ""),
    "mistral": (MISTRAL, MISTRAL_TOKENS, " "),
    "thinking": (THINKING, SPECIAL, ""),
}
ANSWERS = (
    "The capital of France is Paris.",
    "No",
    "I am sorry, but I cannot help with that.\n\n1. x\n2. y",
    "Größe: 5 µm 日本",
)
INSTRUCTIONS = ("Explain what is wrong with your previous answer.", "then rewrite it so that it is right.\n")


def chat(folder: Path, template: str | None, special: tuple[str, ...] = SPECIAL) -> Chat:
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder, template=template, special=special)
    if special is not SPECIAL:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        tokenizer.bos_token = special[1]
        tokenizer.save_pretrained(folder)
    return Chat(folder)


def turns(*texts: str, system: str | None) -> list[Mapping[str, str]]:
    head = [{"role": "system", "content": system}] if system else []
    return [*head, *({"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts))]


def roles(messages: Sequence[Mapping[str, str]]) -> list[str]:
    return [message["role"] for message in messages]


@pytest.mark.parametrize("system", [None, "Be brief."])
@pytest.mark.parametrize("family", FAMILIES)
def test_appended_ids_are_those_of_the_whole_chat(family: str, system: str | None, tmp_path: Path) -> None:
    template, special, glue = FAMILIES[family]
    one = chat(tmp_path, template, special)
    for draft in ANSWERS:
        texts = ["Name the capital of France."]
        ids = one.open(turns(*texts, system=system))
        for answer, instruction in zip((draft, ANSWERS[0]), INSTRUCTIONS, strict=True):
            ids += one.ids(glue + answer) + one.suffix(roles(turns(*texts, system=system)), instruction)
            texts += [answer, instruction]
        assert ids == one.open(turns(*texts, system=system))


def test_the_suffix_of_an_instruction_is_found_once(tmp_path: Path) -> None:
    one = chat(tmp_path, CHATML)
    first = one.suffix(["user"], "Explain.")
    assert one.suffix(["user"], "Explain.") is first
    assert one.suffix(["user"], "Explain mark marks.") != first
    assert one.suffix(["system", "user"], "Explain.") == first


def test_a_template_that_drops_earlier_turns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="changes or drops earlier turns"):
        chat(tmp_path, FORGETFUL).suffix(["user"], "Explain.")


def test_a_tokenizer_that_joins_turns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="joins the end of an answer"):
        chat(tmp_path, JOINING).suffix(["user"], "Explain.")


def test_a_chat_that_the_template_refuses_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="roles must alternate"):
        chat(tmp_path, MISTRAL, MISTRAL_TOKENS).open([{"role": "assistant", "content": "Hello."}])


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no chat template"):
        chat(tmp_path, None)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadInput, match="cannot be read"):
        Chat(tmp_path)


def test_special_tokens_and_space_around_are_no_text(tmp_path: Path) -> None:
    one = chat(tmp_path, CHATML)
    assert one.text(one.ids(" Paris is\n nice \n<|im_end|>")) == "Paris is\n nice"
    assert len(one.template_hash) == 64
