"""Which of two answers a judge prefers, and what the answers score when it was asked in both orders."""

import re
from typing import Literal

from workers.rewards.rating import after_anchor
from workers.rewards.reward import Missing

ANCHOR = "Verdict:"
WORDS = re.compile(r"\b(?:A|B|(?:[aA] )?[Tt](?:ie|IE))\b")
Preference = Literal["A", "B", "tie"]


def preference(text: str) -> Preference | Missing:
    """`A`, `B` or `tie`, behind the last anchor. Missing: `unparsed` without one, `ambiguous` with several."""
    line = after_anchor(text, ANCHOR)
    found = {_meant(word) for word in WORDS.findall(line)} if line is not None else set()
    if not found:
        return Missing("unparsed")
    return found.pop() if len(found) == 1 else Missing("ambiguous")


def points(draft_first: Preference, draft_second: Preference) -> float:
    """What the other answer scores against the draft: 1 where it wins in both orders, 0 where it loses in both.

    Anything else is a tie, 0.5: a judge that prefers the place where an answer stands prefers neither answer.
    """
    if (draft_first, draft_second) == ("B", "A"):
        return 1.0
    return 0.0 if (draft_first, draft_second) == ("A", "B") else 0.5


def _meant(word: str) -> Preference:
    if word == "A":
        return "A"
    return "B" if word == "B" else "tie"
