"""Which answer a judge prefers, and what that scores."""

import itertools

import pytest

from workers.rewards.preference import Preference, points, preference
from workers.rewards.reward import Missing


@pytest.mark.parametrize(
    ("text", "preferred"),
    [
        ("Verdict: A", "A"),
        ("Both are rude.\n**Verdict:** [[B]]", "B"),
        ("verdict: Tie", "tie"),
        ("Verdict: a tie", "tie"),
        ("Verdict: Answer B.", "B"),
        ("Verdict: A\nVerdict: B", "B"),
        ("Verdict:\n\nA", "A"),
    ],
)
def test_the_last_verdict_counts(text: str, preferred: str) -> None:
    assert preference(text) == preferred


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A", "unparsed"),
        ("Verdict: neither", "unparsed"),
        ("Verdict: a good one", "unparsed"),
        ("Verdict: A\nVerdict: none", "unparsed"),
        ("Verdict: A or B", "ambiguous"),
        ("Verdict: A is better than B", "ambiguous"),
        ("Verdict: A, or a tie", "ambiguous"),
    ],
)
def test_what_is_no_verdict_says_why(text: str, reason: str) -> None:
    assert preference(text) == Missing(reason)


def test_an_answer_wins_or_loses_only_where_both_orders_agree() -> None:
    names: tuple[Preference, ...] = ("A", "B", "tie")
    table = {(first, second): points(first, second) for first, second in itertools.product(names, names)}
    assert table.pop(("B", "A")) == 1.0  # the other answer stood second, then first
    assert table.pop(("A", "B")) == 0.0
    assert set(table.values()) == {0.5}
