"""The before/after card: every behavior's base and tuned mean with intervals, drawn on one scale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, PAD = 240.0, 8.0  # of one drawing, in its own units
SETS = {"in": "In templates of training", "out": "In held-out templates"}


@dataclass(frozen=True)
class Range:
    """A mean with its interval, and where the three lie on the drawing's scale."""

    mean: float
    low: float
    high: float
    at: float
    at_low: float
    at_high: float


@dataclass(frozen=True)
class CardRow:
    """One behavior, one set of templates, or all together."""

    name: str
    n: int
    base: Range
    tuned: Range
    difference: Mapping[str, float]
    win: int
    tie: int
    loss: int

    @property
    def verdict(self) -> str:
        """better, worse, or unclear when the interval of the difference holds zero."""
        return verdict(self.difference)


@dataclass(frozen=True)
class Card:
    """One scorer's comparison."""

    scorer: str
    rows: tuple[CardRow, ...]
    sets: tuple[CardRow, ...]
    overall: CardRow | None


def verdict(difference: Mapping[str, float]) -> str:
    """better, worse, or unclear when the interval holds zero."""
    if difference["low"] > 0:
        return "better"
    return "worse" if difference["high"] < 0 else "unclear"


def cards(summary: Mapping[str, Any]) -> list[Card]:
    """One card for each scorer of an evaluation's summary, the headline's first."""
    scorers = summary["scorers"]
    order = sorted(scorers, key=lambda name: (name != summary["headline"], name))
    return [_card(name, scorers[name]) for name in order if scorers[name]["behaviors"]]


def _card(name: str, found: Mapping[str, Any]) -> Card:
    sets = found.get("distributions") or {}
    every = [*found["behaviors"].values(), *sets.values(), *([found["overall"]] if found["overall"] else [])]
    ends = [one[role][end] for one in every for role in ("base", "tuned") for end in ("low", "high")]
    least, most = min(0.0, *ends), max(ends)
    scale = (least, most if most > least else least + 1.0)
    rows = tuple(_row(behavior, one, scale) for behavior, one in found["behaviors"].items())
    apart = tuple(_row(SETS[each], one, scale) for each, one in sets.items())
    return Card(name, rows, apart, _row("All behaviors", found["overall"], scale) if found["overall"] else None)


def _row(name: str, one: Mapping[str, Any], scale: tuple[float, float]) -> CardRow:
    base, tuned = (_range(one[role], scale) for role in ("base", "tuned"))
    return CardRow(name, one["n"], base, tuned, one["difference"], one["win"], one["tie"], one["loss"])


def _range(found: Mapping[str, float], scale: tuple[float, float]) -> Range:
    mean, low, high = found["mean"], found["low"], found["high"]
    return Range(mean, low, high, *(_at(value, scale) for value in (mean, low, high)))


def _at(value: float, scale: tuple[float, float]) -> float:
    least, most = scale
    return round(PAD + (WIDTH - 2 * PAD) * (value - least) / (most - least), 1)
