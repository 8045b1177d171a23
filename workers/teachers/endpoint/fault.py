"""What can go wrong with one call, and what follows from it. The table in docs/operations.md says the same."""

from dataclasses import dataclass
from typing import Literal

from core.redaction import redacted

LONGEST = 300  # characters of an endpoint's own words that are repeated
# busy: too much was asked; away: it takes nobody now; down: it cannot be reached; slow: no answer in time; broken: an
# answer that is none; refused: it does not take us; rejected, filtered, too_long: it does not take this conversation
Kind = Literal["busy", "away", "down", "slow", "broken", "refused", "rejected", "filtered", "too_long"]


@dataclass(frozen=True)
class Nature:
    """What a kind of fault means: is it worth another try, is it a sign of congestion, may the request be to blame,
    and does it say that the endpoint as a whole is ill."""

    again: bool = True
    congestion: bool = False
    own: bool = False
    ill: bool = True


FINAL = Nature(again=False, ill=False)
NATURES: dict[Kind, Nature] = {
    "busy": Nature(congestion=True, ill=False),
    "away": Nature(congestion=True),
    "down": Nature(),
    "slow": Nature(congestion=True, own=True),
    "broken": Nature(own=True),
    "refused": FINAL,
    "rejected": FINAL,
    "filtered": FINAL,
    "too_long": FINAL,
}


class Fault(Exception):
    """A call without a usable answer, and the `seconds` it took.

    `after` is how long the endpoint asks to be left alone, in seconds.
    """

    def __init__(self, message: str, *, kind: Kind, after: float | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.after = after
        self.seconds = 0.0
        self.field = field  # of our request, where the endpoint names one

    @property
    def nature(self) -> Nature:
        """What follows from it."""
        return NATURES[self.kind]


def quoted(words: object) -> str:
    """An endpoint's own words, fit to be shown: one short line without secrets, or nothing."""
    if not isinstance(words, str):
        return ""
    plain = "".join(sign if sign.isprintable() else " " for sign in redacted(words)[: 4 * LONGEST])
    return " ".join(plain.split())[:LONGEST]
