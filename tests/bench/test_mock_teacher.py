"""The mock teacher: the same chat is answered alike, and chats are counted."""

import statistics

import httpx
import pytest

from bench.endpoint import serving
from bench.mock_teacher import MEAN, MOST, answer


def asked(*messages: str) -> dict[str, object]:
    """A chat whose turns alternate."""
    roles = ("user", "assistant")
    return {"model": "light", "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(messages)]}


@pytest.mark.parametrize("tails", ["light", "heavy"])
def test_lengths_have_the_same_mean_whatever_their_tails(tails: str) -> None:
    lengths = [answer(f"question {n}", n % 3, tails).tokens for n in range(6000)]
    assert statistics.mean(lengths) == pytest.approx(MEAN, rel=0.06)
    assert max(lengths) <= MOST
    assert (max(lengths) > 8 * MEAN) == (tails == "heavy")


def test_an_answer_has_as_many_words_as_tokens_and_differs_from_turn_to_turn() -> None:
    answers = [answer("question", turn, "heavy") for turn in range(3)]
    assert all(len(one.text.split()) == one.tokens for one in answers)
    assert len({one.text for one in answers}) == 3


def test_the_endpoint_says_what_the_function_says_and_counts_chats() -> None:
    with serving() as endpoint, httpx.Client() as client:
        url = f"{endpoint.base_url}/chat/completions"
        first = client.post(url, json=asked("hello")).json()
        draft = first["choices"][0]["message"]["content"]
        assert draft == answer("hello", 0, "light").text
        assert first["usage"]["completion_tokens"] == answer("hello", 0, "light").tokens
        critique = client.post(url, json=asked("hello", draft, "criticise")).json()
        assert critique["choices"][0]["message"]["content"] == answer("hello", 1, "light").text
        client.post(url, json=asked("hello"))
        told = endpoint.told()
        assert (told["asked"], told["again"]) == (3, 1)
        endpoint.forget()
        assert endpoint.told() == {"asked": 0, "again": 0, "first": None}
