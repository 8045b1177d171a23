"""Whether an answer says what its prompt expects."""

from collections.abc import Sequence

from workers.rewards.reward import Answer, Missing


def expected(answer: Answer) -> float | Missing:
    """1.0 when every phrase of `all_of`, one of `any_of` (if there are any) and none of `none_of` is said, else 0.0.

    Letter case and runs of white space do not count; a phrase stands alone, between other characters than letters and
    digits. A prompt without `expect` has no score.
    """
    if answer.expect is None:
        return Missing("no_expectation")
    text = normal(answer.text)
    wanted, options, unwanted = (answer.expect.get(name) or () for name in ("all_of", "any_of", "none_of"))
    good = all(says(text, phrase) for phrase in wanted)
    good = good and (not options or _any(text, options)) and not _any(text, unwanted)
    return 1.0 if good else 0.0


def normal(text: str) -> str:
    """Casefolded, with single spaces."""
    return " ".join(text.casefold().split())


def says(text: str, phrase: str) -> bool:
    """Whether a normal text holds the phrase with no letter or digit next to it."""
    wanted = normal(phrase)
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not text[max(start - 1, 0) : start].isalnum() and not text[end : end + 1].isalnum():
            return True
        start = text.find(wanted, start + 1)
    return False


def _any(text: str, phrases: Sequence[str]) -> bool:
    return any(says(text, phrase) for phrase in phrases)
