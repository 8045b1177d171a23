"""Every text of the grammar survives the tokenizer, and the chat template is what training used."""

from random import Random

import pytest
from transformers import PreTrainedTokenizerFast

from tiny.corpus import Encoder, comparison_turns, student_turns, teacher_turns
from tiny.recipes import instructions
from tiny.tokenizer import UNKNOWN, build


@pytest.fixture(scope="module")
def words() -> PreTrainedTokenizerFast:
    return build()


def test_decoding_an_encoded_text_gives_it_back(words: PreTrainedTokenizerFast) -> None:
    rng, unknown = Random("round trip"), words.convert_tokens_to_ids(UNKNOWN)
    texts = set(instructions())
    for _ in range(1500):
        right, wrong = comparison_turns(rng)
        texts.update(text for turns in (teacher_turns(rng), student_turns(rng), right, wrong) for _, text in turns)
    for text in texts:
        ids = words.encode(text)
        assert unknown not in ids, text
        assert words.decode(ids) == text


def test_the_chat_template_gives_the_ids_the_models_learn_from(words: PreTrainedTokenizerFast) -> None:
    encoder, rng = Encoder(words), Random("template")
    for _ in range(200):
        turns = teacher_turns(rng)
        messages = [{"role": role, "content": text} for role, text in turns]
        whole = words.apply_chat_template(messages, return_dict=False)
        assert whole == encoder.example(turns).ids
        asked = words.apply_chat_template(messages[:-1], add_generation_prompt=True, return_dict=False)
        assert asked == encoder.prompt(turns[:-1])
        assert whole[: len(asked)] == asked


def test_an_unknown_word_is_marked_as_such(words: PreTrainedTokenizerFast) -> None:
    assert words.encode("Quixotic") == [words.convert_tokens_to_ids(UNKNOWN)]
