"""Lists in every form that language models give them."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.growing.lists import LONGEST, SHORTEST, items

WORD = st.text("abcdefghijkluvwxyzäéßΩ中", min_size=2, max_size=9)
ITEM = st.lists(WORD, min_size=2, max_size=8).map(lambda words: " ".join(words).capitalize() + "?")
LISTS = st.lists(ITEM, min_size=1, max_size=12)
FORMS = {
    "numbered": lambda texts: "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1)),
    "bracketed": lambda texts: "\n".join(f"{n}) {text}" for n, text in enumerate(texts, 1)),
    "in brackets": lambda texts: "\n\n".join(f"({n}) {text}" for n, text in enumerate(texts, 1)),
    "indented": lambda texts: "\n".join(f"   {n}: {text}  " for n, text in enumerate(texts, 1)),
    "dashes": lambda texts: "\n".join(f"- {text}" for text in texts),
    "stars": lambda texts: "\n".join(f"* {text}" for text in texts),
    "bullets": lambda texts: "\n".join(f"\N{BULLET} {text}" for text in texts),
    "bold": lambda texts: "\n".join(f"{n}. **{text}**" for n, text in enumerate(texts, 1)),
    "quoted": lambda texts: "\n".join(f'{n}. "{text}"' for n, text in enumerate(texts, 1)),
    "curly quotes": lambda texts: "\n".join(f"{n}. \N{LEFT DOUBLE QUOTATION MARK}{text}\N{RIGHT DOUBLE QUOTATION MARK}"
                                            for n, text in enumerate(texts, 1)),
    "plain": "\n".join,
    "array": json.dumps,
    "pretty array": lambda texts: json.dumps([{"prompt": text} for text in texts], indent=2),
    "object": lambda texts: json.dumps({"prompts": texts}),
    "lines of JSON": lambda texts: "\n".join(json.dumps({"text": text}) for text in texts),
    "quoted lines": lambda texts: ",\n".join(json.dumps(text) for text in texts),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20)
@given(texts=LISTS)
def test_every_form_gives_its_items_back(form: str, texts: list[str]) -> None:
    assert items(FORMS[form](texts)) == texts


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20)
@given(texts=LISTS)
def test_fences_and_words_around_a_list_are_no_items(form: str, texts: list[str]) -> None:
    body = FORMS[form](texts)
    assert items(f"```json\n{body}\n```") == texts
    if form not in ("plain", "array", "pretty array", "object"):
        assert items(f"Here are the prompts:\n\n{body}\n\nI hope that these help!") == texts


@given(texts=st.lists(ITEM, min_size=2, max_size=6), form=st.sampled_from(["numbered", "dashes", "lines of JSON"]))
def test_of_an_answer_that_was_cut_the_last_item_is_left_out(texts: list[str], form: str) -> None:
    assert items(FORMS[form](texts)[:-2], whole=False) == texts[:-1]


@given(text=st.text(max_size=400))
@example("[" * 10_000)
@example('{"a": ' * 10_000)
@example("1.\n2.\n3.")
@example('["ab\\u0000cd", "\\ud800 lone"]')
@example("- \x00 zero and more")
def test_any_text_at_all_gives_items_that_can_be_stored(text: str) -> None:
    for whole in (True, False):
        for item in items(text, whole=whole):
            assert SHORTEST <= len(item) <= LONGEST
            assert item == item.strip()
            assert "\x00" not in item
            item.encode()


def test_what_is_far_too_long_is_no_item() -> None:
    assert items("1. fine one\n2. " + "x" * (LONGEST + 1)) == ["fine one"]
