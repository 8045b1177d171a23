"""The lines of one worker: what it knows of an endpoint outlasts the teacher that it learned it with.

A worker holds one teacher, or one judge, at a time. Without this every change would forget that an endpoint asked to be
left alone, how much it takes at once, what was used of the operator's rates, and which requests it never answers.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar

from core.configs.model import ModelSettings
from workers.teachers.endpoint.dialect import Dialect
from workers.teachers.endpoint.line import Line
from workers.teachers.endpoint.rates import Rates
from workers.teachers.endpoint.retry_budget import RetryBudget
from workers.teachers.endpoint.suspects import Suspects

Value = TypeVar("Value")
KNOWN = 256  # lines that are remembered; the one that was used longest ago is forgotten first


@dataclass(frozen=True)
class Acquaintance:
    """The line to a model behind an endpoint, and what is known of it beside."""

    line: Line
    budget: RetryBudget
    suspects: Suspects
    dialect: Dialect


@dataclass(frozen=True)
class Party:
    """Whom one speaks to, and as whom: what one key has used up is nothing to the owner of another."""

    url: str
    model: str
    api_key: str | None = field(repr=False)

    @property
    def name(self) -> bytes:
        """What it is remembered by: no key is kept."""
        told = f"{self.url}\n{self.model}\n{self.api_key or ''}"
        return hashlib.sha256(told.encode()).digest()


class Lines:
    """By endpoint, model and key. The operator's rates are one for all keys of a model behind an endpoint."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Acquaintance] = OrderedDict()
        self._rates: OrderedDict[bytes, Rates] = OrderedDict()

    def to(self, party: Party, limits: ModelSettings, *, retry_seconds: float) -> Acquaintance:
        """The one there is, or a new one."""
        found = self._known.pop(party.name, None) or self._new(party, limits, retry_seconds)
        _keep(self._known, party.name, found)
        return found

    def _new(self, party: Party, limits: ModelSettings, retry_seconds: float) -> Acquaintance:
        shared = Party(party.url, party.model, None).name
        rates = self._rates.pop(shared, None) or Rates(limits.requests_per_minute, limits.tokens_per_minute)
        _keep(self._rates, shared, rates)
        line = Line(party.url, limits, rates, retry_seconds=retry_seconds)
        return Acquaintance(line, RetryBudget(), Suspects(), Dialect(party.model, omit=limits.omit))


def _keep(known: OrderedDict[bytes, Value], name: bytes, value: Value) -> None:
    known[name] = value
    if len(known) > KNOWN:
        known.popitem(last=False)
