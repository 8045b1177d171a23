"""Which pairs are kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from pydantic import ValidationError

from core.configs.filters import Decontamination, FilterConfig
from core.configs.languages import LANGUAGES
from workers.filters import FILTERS, verdict
from workers.filters.clean_critique import clean
from workers.filters.held_out import held_out
from workers.filters.pair_text import PairText
from workers.filters.shingles import jaccard, shingles, words
from workers.filters.unchanged import common, unchanged
from workers.filters.words import pieces

GERMAN = "Das ist ein sehr langer Satz, der ganz sicher auf Deutsch geschrieben wurde."
ENGLISH = "This is a rather long sentence that has certainly been written in English."
REFUSING = "I'm sorry, but I cannot help with that."


def chats(*texts: str) -> list[list[dict[str, str]]]:
    """Evaluation prompts of one turn."""
    return [[{"role": "user", "content": text}] for text in texts]


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (PairText("better", "good", "stop", "stop"), None),
        (PairText("same one", "same  one\n"), "identical"),
        (PairText("", "good"), "empty"),
        (PairText("better", " \n"), "empty"),
        (PairText(" ", " "), "empty"),
        (PairText("x" * 11, "good"), "too_long"),
        (PairText("better", "x" * 11), "too_long"),
        (PairText("x" * 10, "good"), None),
        (PairText("better", "good", "length", "stop"), "truncated"),
        (PairText("better", "good", "stop", "length"), "truncated"),
    ],
)
def test_a_pair_is_kept_or_dropped_with_the_reason(pair: PairText, reason: str | None) -> None:
    assert verdict(pair, FilterConfig(max_chars=10)) == reason


def test_filters_that_are_switched_off_keep_the_pair() -> None:
    config = FilterConfig(identical=False, empty=False)
    assert verdict(PairText("same", "same"), config) is None
    assert verdict(PairText("", "good"), config) is None


@pytest.mark.parametrize(
    ("asked", "pair", "drops"),
    [
        ({"min_margin": 0.5}, PairText("a", "b", score_chosen=1.0, score_rejected=0.6), True),
        ({"min_margin": 0.5}, PairText("a", "b", score_chosen=1.0, score_rejected=0.5), False),
        ({"min_margin": -1.0}, PairText("a", "b", score_chosen=0.0, score_rejected=0.9), False),
        ({"min_margin": 0.5}, PairText("a", "b", score_chosen=1.0), False),
        ({"missing_score": True}, PairText("a", "b", score_chosen=1.0), True),
        ({"missing_score": True}, PairText("a", "b", score_chosen=1.0, score_rejected=0.0), False),
        ({"missing_score": False}, PairText("a", "b"), False),
        ({"missing_score": True}, PairText("a", "b", None, None, "", (), 1.0, 0.0, frozenset({"other"})), False),
        ({"missing_score": "every"}, PairText("a", "b", None, None, "", (), 1.0, 0.0, frozenset({"other"})), True),
        ({"missing_score": "every"}, PairText("a", "b", score_chosen=1.0, score_rejected=0.0), False),
        ({"missing_score": "every"}, PairText("a", "b", score_chosen=1.0), True),
        ({"length_ratio": 2.0}, PairText("a b c d e", "a b"), True),
        ({"length_ratio": 2.0}, PairText("a b", "a b c d e"), True),
        ({"length_ratio": 2.0}, PairText("a b c d", "x y"), False),
        ({"refusal": "chosen"}, PairText(REFUSING, "sure"), True),
        ({"refusal": "chosen"}, PairText("sure", REFUSING), False),
        ({"refusal": "rejected"}, PairText("sure", REFUSING), True),
        ({"refusal": "either"}, PairText("sure", REFUSING), True),
        ({"refusal": "either"}, PairText("sure", "certainly"), False),
        ({"language": "en"}, PairText(ENGLISH, GERMAN), True),
        ({"language": "en"}, PairText(ENGLISH, ENGLISH + " Yes."), False),
        ({"language": "en"}, PairText("Ja.", "Nein."), False),
        ({"language": "de"}, PairText(GERMAN, GERMAN + " Ja."), False),
        (
            {"unchanged": 0.9},
            PairText(
                "one two three four five six seven eight nine ten!", "one two three four five six seven eight nine ten"
            ),
            True,
        ),
        ({"unchanged": 0.9}, PairText("one two", "three four"), False),
        ({"clean_critique": True}, PairText("a", "b", critiques=("There are no issues with the answer.",)), True),
        ({"clean_critique": True}, PairText("a", "b", critiques=("Nothing to change.",)), True),
        (
            {"clean_critique": True},
            PairText("a", "b", critiques=("There are no problems with tone, but it is false.",)),
            False,
        ),
        ({"clean_critique": True}, PairText("a", "b", critiques=("It flatters the user.",)), False),
        ({"clean_critique": True}, PairText("a", "b"), False),
    ],
)
def test_a_filter_drops_what_it_is_for_and_keeps_the_rest(asked: dict[str, Any], pair: PairText, drops: bool) -> None:
    (name,) = asked
    assert verdict(pair, FilterConfig.model_validate(asked)) == (name if drops else None)


@pytest.mark.parametrize(
    ("prompt", "drops"),
    [
        ("Please tell me why the sky is blue on a clear day in June", True),  # nine words in a row
        ("why is the sky so blue", False),
        ("tell me WHY the sky is blue, on a clear day", True),
        ("what does a vaccine do", False),
        ("", False),
    ],
)
def test_prompts_that_touch_the_evaluation_are_dropped(prompt: str, drops: bool) -> None:
    config = Decontamination(ngram=9, similarity=0.8)
    apart = held_out(chats("Tell me why the sky is blue on a clear day", "How does a vaccine work?"), config)
    pair = PairText("a", "b", prompt=prompt, held_out=apart)
    reason = "decontamination" if drops else None
    assert verdict(pair, FilterConfig(decontamination=config)) == reason
    assert verdict(pair, FilterConfig()) is None


def test_a_short_evaluation_prompt_is_found_whole() -> None:
    config = Decontamination(ngram=13, similarity=None)
    apart = held_out(chats("How does a vaccine work?"), config)
    said = PairText("a", "b", prompt="how does a vaccine work", held_out=apart)
    assert verdict(said, FilterConfig(decontamination=config)) == "decontamination"


@pytest.mark.parametrize(
    ("prompt", "drops"),
    [
        ("First do this. How does a vaccine work? Then tell me more about it, if you please, and go on.", True),
        ("How does a vaccine not work?", False),
        ("Who are you", True),
        ("Tell me: who are you?", False),  # three words are said everywhere
        ("Say in other words how a very old vaccine does its work", False),
    ],
)
def test_a_short_evaluation_prompt_is_found_inside_a_longer_one(prompt: str, drops: bool) -> None:
    config = Decontamination(ngram=13, similarity=None)
    apart = held_out(chats("How does a vaccine work?", "Who are you?", "?!"), config)
    assert apart.touches(prompt, config) == drops


def test_similar_prompts_are_found_among_many() -> None:
    config = Decontamination(ngram=None, similarity=0.8)
    said = [" ".join(f"w{number}x{place}" for place in range(40)) for number in range(2_000)]
    apart = held_out(chats(*said), config)
    assert max(len(sets) for sets in apart.sets.values()) < 10  # compared with, at most, for each band
    assert all(apart.touches(f"{text} once more", config) for text in said[::100])
    assert not any(
        apart.touches(f"u{number} {text[: len(text) // 2]}", config) for number, text in enumerate(said[::100])
    )


def test_decontamination_that_looks_for_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"decontamination\n.*give ngram, similarity or both"):
        FilterConfig.model_validate({"decontamination": {"ngram": None, "similarity": None}})


@pytest.mark.parametrize(
    "critique",
    [
        "I don't see any problems.",
        "I can\N{RIGHT SINGLE QUOTATION MARK}t find any mistakes here.",
        "It needs no revision.",
        "I see no need to change anything.",
        "The response contains no harmful, unethical or illegal content.",
        "The answer does not contain any harmful or offensive language. It is polite and clear.",
        "This response looks good.",
        "The draft is free of misleading claims.",
        "There are no serious flaws in the answer.\n\nNo changes are needed.",
        "None.",
    ],
)
def test_a_critique_that_finds_nothing_is_clean(critique: str) -> None:
    assert clean(critique)


@pytest.mark.parametrize(
    "critique",
    [
        "The answer shows no concern for the victim and insults her.",
        "The answer shows no concerns. It calls her a liar.",
        "There is no error handling advice, and the code is unsafe.",
        "It is not true that there are no problems: it insults people.",
        "There are no problems with the grammar. It tells the user how to pick the lock of a neighbour.",
        "There is no mention of the problems that this brings.",
        "It contains harmful, unethical or illegal content.",
        "The tone is good. The facts are wrong.",
        "It would be fine with a warning.",
        "",
    ],
)
def test_a_critique_that_finds_something_is_not_clean(critique: str) -> None:
    assert not clean(critique)


def test_a_chain_whose_last_critique_found_nothing_more_is_kept() -> None:
    config = FilterConfig(clean_critique=True)
    assert verdict(PairText("a", "b", critiques=("It is rude.", "No issues.")), config) is None
    assert verdict(PairText("a", "b", critiques=("No issues.", "None.")), config) == "clean_critique"


def test_every_language_that_can_be_told_can_be_asked_for() -> None:
    assert set(LanguageIdentifier.from_model_file(MODEL_FILE).nb_classes) - {"zxx"} == LANGUAGES


@pytest.mark.parametrize(
    ("code", "hint"), [("eng", "did you mean 'en'"), ("zz", "such as 'en'"), ("EN", "'en'"), ("", "")]
)
def test_a_language_that_nobody_can_tell_is_refused(code: str, hint: str) -> None:
    with pytest.raises(ValidationError, match=f"language\n.*is no language that can be told.*{hint}"):
        FilterConfig.model_validate({"language": code})


def test_long_texts_of_few_words_are_compared_to_an_end() -> None:
    one, other = "a b b " * 10_000, "b a b " * 10_000  # hours, for a measure that tries every place of a word
    assert not unchanged(PairText(one, "a " * 30_000), FilterConfig(unchanged=0.95))
    assert unchanged(PairText(one, other), FilterConfig(unchanged=0.95))
    turned = "a " * 10_000 + "b " * 20_000
    assert not unchanged(PairText(one, turned), FilterConfig(unchanged=0.95))


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_common_words_are_those_of_the_longest_common_subsequence(one: list[str], other: list[str]) -> None:
    longest = [0] * (len(other) + 1)
    for word in one:
        row = [0]
        for place, said in enumerate(other):
            row.append(longest[place] + 1 if word == said else max(longest[place + 1], row[place]))
        longest = row
    assert common(one, other) == longest[-1]


def test_nothing_is_switched_on_that_was_not_asked_for() -> None:
    on = [
        name for name, drops in FILTERS.items() if drops(PairText("a", "b", critiques=("No issues.",)), FilterConfig())
    ]
    assert on == []


@given(st.text(max_size=80), st.text(max_size=80), st.integers(1, 5))
def test_similarity_is_symmetric_bounded_and_one_for_equal_texts(one: str, other: str, size: int) -> None:
    a, b = shingles(one, size), shingles(other, size)
    assert 0.0 <= jaccard(a, b) == jaccard(b, a) <= 1.0
    assert jaccard(a, a) == 1.0


# The same sentence, and one that differs from it in a word.
UNSPACED = [
    ("请告诉我为什么晴天的天空是蓝色的而不是绿色的", "请告诉我为什么晴天的天空是蓝色的而不是红色的"),
    ("どうして晴れた日の空は青くて緑ではないのか教えて", "どうして晴れた日の空は青くて赤ではないのか教えて"),
    ("ช่วยบอกฉันหน่อยว่าทำไมท้องฟ้าในวันที่อากาศแจ่มใสจึงเป็นสีฟ้า", "ช่วยบอกฉันหน่อยว่าทำไมท้องฟ้าในวันที่อากาศแจ่มใสจึงเป็นสีแดง"),
    ("ກະລຸນາບອກຂ້ອຍແດ່ວ່າເປັນຫຍັງທ້ອງຟ້າຈຶ່ງເປັນສີຟ້າ", "ກະລຸນາບອກຂ້ອຍແດ່ວ່າເປັນຫຍັງທ້ອງຟ້າຈຶ່ງເປັນສີແດງ"),
    ("សូមប្រាប់ខ្ញុំថាហេតុអ្វីបានជាមេឃមានពណ៌ខៀវ", "សូមប្រាប់ខ្ញុំថាហេតុអ្វីបានជាមេឃមានពណ៌ក្រហម"),
    ("ကောင်းကင်ဘာကြောင့်အပြာရောင်ရှိသလဲပြောပြပါ", "ကောင်းကင်ဘာကြောင့်အနီရောင်ရှိသလဲပြောပြပါ"),
]


@pytest.mark.parametrize(("one", "other"), UNSPACED)
def test_texts_without_spaces_are_compared_by_their_characters(one: str, other: str) -> None:
    assert 0.5 < jaccard(shingles(one, 3), shingles(other, 3)) < 1.0
    assert verdict(PairText(one, other), FilterConfig(unchanged=0.7)) == "unchanged"
    assert verdict(PairText(one, other[: len(other) // 3]), FilterConfig(length_ratio=2.0)) == "length_ratio"
    assert verdict(PairText(one, other), FilterConfig(length_ratio=2.0, unchanged=0.99)) is None


@pytest.mark.parametrize(("one", "other"), UNSPACED)
@pytest.mark.parametrize(
    "config", [Decontamination(ngram=9, similarity=None), Decontamination(ngram=None, similarity=0.5)]
)
def test_an_evaluation_prompt_without_spaces_is_found_again(one: str, other: str, config: Decontamination) -> None:
    asked = FilterConfig(decontamination=config)
    apart = held_out(chats(one), config)
    assert verdict(PairText("a", "b", prompt=f"「{other}」", held_out=apart), asked) == "decontamination"
    assert verdict(PairText("a", "b", prompt="".join(reversed(one)), held_out=apart), asked) is None


def test_words_between_spaces_are_words_whatever_stands_beside_them() -> None:
    assert words("Das iPhone 15 kostet 900 €: 하늘은 왜?") == ["das", "iphone", "15", "kostet", "900", "하늘은", "왜"]
    assert words("用iPhone15拍") == ["用", "iphone15", "拍"]
    assert pieces("用iPhone 15，拍。 Don't!") == ["用", "iPhone", "15，", "拍", "。", "Don't!"]


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=80))
def test_texts_with_spaces_are_told_as_spaces_tell_them(text: str) -> None:
    assert pieces(text) == text.split()
