"""The exact judge: knows every right answer of the grammar, and states the same as phrases for the rule `expected`."""

import re

from tiny.request import Expectation, Request


def is_good(request: Request, answer: str) -> bool:
    """Whether the grammar holds the answer for right, word for word."""
    return answer in request.good


def meets(expect: Expectation, answer: str) -> bool:
    """The rule `expected`: casefolded, runs of white space collapsed, phrases matched as whole words."""
    text = _normal(answer)
    return (
        all(_contains(text, phrase) for phrase in expect.all_of)
        and (not expect.any_of or any(_contains(text, phrase) for phrase in expect.any_of))
        and not any(_contains(text, phrase) for phrase in expect.none_of)
    )


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _contains(text: str, phrase: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(_normal(phrase))}(?![^\W_])", text) is not None
