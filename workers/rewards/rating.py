"""The number in a judge's words: the last one behind the anchor, with its sign and decimals, or why there is none.

A number that may mean another one is no number: a range, a sign apart from its digits, a comma for decimals, a share
of something else than the scale's maximum. A missing score is counted; a wrong one would be trained on.
"""

import math
import re

from core.configs.behavior import Rubric
from workers.rewards.reward import Missing

MINUS = "-\u2212\u2010\u2011\u2013\ufe63\uff0d"  # hyphen-minus, minus, hyphens, en dash, small and full-width ones
NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+"
GLUED = rf"(?<![\w.,/])(?<!\w[{MINUS}])"
FOUND = re.compile(
    rf"(?:(?<![\w.,])(?P<sign>[+{MINUS}])(?P<apart>\s*))?{GLUED}(?P<number>{NUMBER})(?![\w])(?![.,][0-9])"
    rf"(?P<range>\s*(?:[{MINUS}]|\bto\b)\s*[+{MINUS}]?(?:{NUMBER}))?"
    rf"(?:\s*(?:/|\bout of\b|\bof\b)\s*(?P<whole>{NUMBER})|\s*(?P<percent>%))?"
)
EMPHASIS = re.compile(r"[*_`~]")
BRACES = re.compile(r"[{}\\$]")


def rating(text: str, rubric: Rubric) -> float | Missing:
    """The score that a judge gave.

    Missing: `unparsed` without a number behind the last anchor, `ambiguous`, `other_scale` for a share of another
    maximum, `out_of_range`.
    """
    line = after_anchor(text, rubric.anchor)
    numbers = list(FOUND.finditer(line)) if line is not None else []
    if not numbers:
        return Missing("unparsed")
    last = numbers[-1]
    if last["range"] or last["apart"]:
        return Missing("ambiguous")
    whole = 100.0 if last["percent"] else last["whole"] and _number(last["whole"])
    if whole and whole != rubric.maximum:
        return Missing("other_scale")
    value = _number(last["number"]) * (-1.0 if last["sign"] and last["sign"] in MINUS else 1.0)
    inside = math.isfinite(value) and rubric.minimum <= value <= rubric.maximum
    return value + 0.0 if inside else Missing("out_of_range")  # -0.0 becomes 0.0


def after_anchor(text: str, anchor: str) -> str | None:
    """What stands on the line of the last anchor, behind it; on the next line with words where that is empty.

    Letter case and Markdown's marks do not count. None without an anchor.
    """
    places = list(re.finditer(re.escape(_plain(anchor)), _plain(text), re.IGNORECASE))
    if not places:
        return None
    lines = places[-1].string[places[-1].end() :].splitlines()
    return next((line for line in lines if any(c.isalnum() for c in line)), "")


def _plain(text: str) -> str:
    return BRACES.sub(" ", EMPHASIS.sub("", text))


def _number(text: str) -> float:
    return float(text.replace(",", ""))
