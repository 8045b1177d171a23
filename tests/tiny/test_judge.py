"""The exact judge and the rule `expected` say the same of right answers, wrong ones and broken ones."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from tiny.grammar import REQUESTS
from tiny.judge import is_good, meets
from tiny.request import Expectation, Request


def requests(behavior: str, count: int = 240) -> Iterator[Request]:
    rng = Random(f"test/{behavior}")
    for index in range(count):
        yield REQUESTS[behavior](rng, guard=index % 2 == 0, evaluation=index % 3 == 0)


@pytest.mark.parametrize("behavior", REQUESTS)
def test_judge_and_rule_agree_on_every_answer_of_the_grammar(behavior: str) -> None:
    for request in requests(behavior):
        for answer in (*request.good, *request.bad, *request.traps):
            assert is_good(request, answer) == meets(request.expect, answer), (request.text, answer)


@pytest.mark.parametrize("behavior", REQUESTS)
def test_judge_and_rule_refuse_empty_cut_and_hedging_answers(behavior: str) -> None:
    for request in requests(behavior):
        right, wrong = request.canonical, next(iter(request.bad))
        half = right[: len(right) // 2]
        for answer in ("", "Maybe.", "Maybe. I can not say.", half, f"{right} {wrong}", f"{wrong} {right}"):
            assert not is_good(request, answer)
            assert not meets(request.expect, answer), (request.text, answer)


@pytest.mark.parametrize("behavior", REQUESTS)
def test_an_answer_to_another_request_is_wrong(behavior: str) -> None:
    asked = list(requests(behavior))
    for request, other in pairwise(asked):
        if other.canonical not in request.good and not other.canonical.startswith("I can not"):
            assert not meets(request.expect, other.canonical), (request.text, other.canonical)


def test_phrases_match_whole_words_whatever_the_case_and_the_spaces() -> None:
    expect = Expectation(all_of=("a hive",), any_of=("no", "not a nest"), none_of=("yes",))
    assert meets(expect, "NO.  The home\nof a bee is A  Hive.")
    assert not meets(expect, "Nobody lives in a hive.")
    assert not meets(expect, "No. A hive? Yes.")
    assert not meets(expect, "No. The home is a hives.")


def test_lists_left_out_ask_for_nothing() -> None:
    assert meets(Expectation(), "anything")
    assert Expectation(none_of=("x",)).mapping() == {"none_of": ["x"]}
