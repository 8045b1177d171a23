"""The form that an engine is asked to give a judge's words, where it can: a line of reasons, then the result."""

import re

from core.configs.behavior import Rubric
from workers.rewards.preference import ANCHOR
from workers.teachers.teacher import Shape

RESULT_TOKENS = 24  # kept for the last line
FEWEST, MOST = 16, 1_000  # characters of the reasons
NARROW = 100  # a scale of whole numbers no wider than this is written out
META = re.compile(r"([.^$*+?{}\[\]\\|()\-/])")


def rated(rubric: Rubric, *, max_tokens: int) -> Shape:
    """One line of reasons, then the anchor and a number of the scale."""
    return Shape(regex=_after_reasons(rubric.anchor, _scale(rubric), max_tokens))


def compared(*, max_tokens: int) -> Shape:
    """One line of reasons, then the verdict."""
    return Shape(regex=_after_reasons(ANCHOR, "(A|B|tie)", max_tokens))


def _after_reasons(anchor: str, result: str, max_tokens: int) -> str:
    """A character is hardly ever more than two tokens, so reasons of half as many leave room for the result.

    What parts them from it may be a space: not every small vocabulary has a line's end.
    """
    longest = min(MOST, (max_tokens - RESULT_TOKENS) // 2)
    reasons = rf"[^\n]{{1,{longest}}}[\n ]" if longest >= FEWEST else ""
    literal = META.sub(r"\\\1", anchor)
    return f"{reasons}{literal} {result}"


def _scale(rubric: Rubric) -> str:
    """Numbers from minimum to maximum, with up to two decimals; of scales that are no whole numbers, any number."""
    low, high = rubric.minimum, rubric.maximum
    if not (low.is_integer() and high.is_integer() and high - low <= NARROW):
        return r"-?[0-9]{1,12}(\.[0-9]{0,6})?" if low < 0 else r"[0-9]{1,12}(\.[0-9]{0,6})?"
    up = _range(max(int(low), 0), int(high))
    down = _range(max(-int(high), 0), -int(low)) if low < 0 else []
    return f"({'|'.join([*up, *(f'-{number}' for number in down)])})"


def _range(least: int, most: int) -> list[str]:
    """Whole numbers, those below the last one with decimals; none where the last one is below the least.

    A full stop may end it: a vocabulary may have no digit that can follow one.
    """
    return [rf"{number}(\.[0-9]{{0,2}})?" for number in range(least, most)] + ([str(most)] if most >= least else [])
