"""Chats as tokens: the boundary between prompt and answer, and the end token."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from core.errors import BadInput
from tests.factories.models import CHATML, write_tokenizer
from trainer.encoding import ChatEncoder, chat_encoder

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name the capital of France."}]


def encoder(folder: Path, template: str | None = CHATML) -> ChatEncoder:
    write_tokenizer(folder, template=template)
    return chat_encoder(AutoTokenizer.from_pretrained(folder), frozenset())


def test_a_prompt_ends_where_the_answer_begins(tmp_path: Path) -> None:
    chat = encoder(tmp_path)
    text = chat.tokenizer.decode(chat.prompt(CHAT))
    assert text.endswith("<|im_start|>assistant\n")
    assert "Be brief." in text


def test_an_answer_ends_with_the_end_token_and_nothing_after_it(tmp_path: Path) -> None:
    chat = encoder(tmp_path)
    prompt = chat.prompt(CHAT)
    ids, kept = chat.answer(CHAT, prompt, "It is Paris.")
    assert kept
    assert chat.tokenizer.decode(ids) == "It is Paris.<|im_end|>"
    whole = chat.tokenizer.apply_chat_template(
        [*CHAT, {"role": "assistant", "content": "It is Paris."}], tokenize=False
    )
    assert chat.tokenizer.decode([*prompt, *ids]) + "\n" == whole


def test_a_template_that_writes_no_end_token_gets_one(tmp_path: Path) -> None:
    plain = "{% for m in messages %}{{ m['role'] + ':' + m['content'] + ' ' }}{% endfor %}" + (
        "{% if add_generation_prompt %}assistant:{% endif %}"
    )
    chat = encoder(tmp_path, plain)
    ids, kept = chat.answer(CHAT, chat.prompt(CHAT), "Paris")
    assert kept
    assert ids[-1] == chat.tokenizer.eos_token_id
    assert chat.tokenizer.decode(ids[:-1]) == "Paris "


def test_a_boundary_that_the_template_moves_is_reported_and_the_answer_encoded_alone(tmp_path: Path) -> None:
    counted = "{{ messages | length }}" + CHATML  # renders the prompt otherwise once it is answered
    chat = encoder(tmp_path, counted)
    ids, kept = chat.answer(CHAT, chat.prompt(CHAT), "It is Paris.")
    assert not kept
    assert chat.tokenizer.decode(ids) == "It is Paris.<|im_end|>"


def test_a_student_without_a_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no chat template"):
        encoder(tmp_path, None)


def test_a_template_that_refuses_a_chat_says_so(tmp_path: Path) -> None:
    strict = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}" + CHATML
    with pytest.raises(BadInput, match="no system turn"):
        encoder(tmp_path, strict).prompt(CHAT)
