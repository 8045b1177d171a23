"""Sums of estimated numbers, their bounds with them, and what is assumed where nothing was measured."""

from collections.abc import Sequence

from api.schemas.estimate import Interval
from core.settings import settings

CHARS_PER_TOKEN = 4.0  # of English text, where nothing was measured
SHORTEST = 0.1  # share of the longest answer that the lower bound assumes
BETWEEN = 0.1  # relative difference of means between two sets of prompts of one behavior


def total(parts: Sequence[Interval]) -> Interval:
    """The sum, from the sum of the lower bounds to that of the upper ones."""
    return Interval(**{name: sum(getattr(part, name) for part in parts) for name in ("expected", "low", "high")})


def total_of_known(parts: Sequence[Interval | None]) -> Interval | None:
    """The sum of those there are; None when there is none."""
    return total(known(parts)) if known(parts) else None


def known(parts: Sequence[Interval | None]) -> list[Interval]:
    """Those there are."""
    return [part for part in parts if part is not None]


def scaled(one: Interval, factor: float) -> Interval:
    """So many times as much."""
    return Interval(expected=one.expected * factor, low=one.low * factor, high=one.high * factor)


def priced(names: Sequence[str], prompt: Interval, sampled: Interval) -> Interval | None:
    """What so many tokens of a model cost by the operator's prices; None without any."""
    prices = settings().model(*names)
    if prices.price_input is None and prices.price_output is None:
        return None
    read, written = (prices.price_input or 0.0) / 1e6, (prices.price_output or 0.0) / 1e6
    return total([scaled(prompt, read), scaled(sampled, written)])
