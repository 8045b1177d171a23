"""Numbers and moments as people read them."""

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from core.configs.reward import RewardConfig

MINUTE, HOUR, DAY = 60, 3600, 86400
DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def count(value: float) -> str:
    """12345 as 12,345."""
    return f"{value:,.0f}".replace("-", MINUS)


def rough(value: float) -> str:
    """A large number in short: 12,300 as 12.3k, 4,500,000 as 4.5M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and abs(value) >= 1e4:
            return f"{value / size:.1f}{unit}"
    return count(value)


def number(value: float | None, digits: int = 3) -> str:
    """A measured number with so many significant digits; a dash for none."""
    if value is None or not math.isfinite(value):
        return DASH
    if value != 0 and (abs(value) < 1e-3 or abs(value) >= 1e5):
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    places = max(digits - 1 - (math.floor(math.log10(abs(value))) if value else 0), 0)
    return f"{value:.{min(places, digits)}f}".replace("-", MINUS)


def score(value: float | None) -> str:
    """A score with two places."""
    return DASH if value is None else f"{value:.2f}".replace("-", MINUS)


def signed(value: float | None) -> str:
    """A difference: its sign is always there."""
    return DASH if value is None else f"{value:+.2f}".replace("-", MINUS)


def percent(value: float | None) -> str:
    """A share as a percentage."""
    return DASH if value is None else f"{100 * value:.0f}%"


def size(bytes: float) -> str:
    """Bytes in the unit that suits: 512 B, 3.4 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if bytes < 1000:
            return f"{bytes:.0f} {unit}" if unit == "B" or bytes >= 100 else f"{bytes:.1f} {unit}"
        bytes /= 1000
    return f"{bytes:.1f} TB"


def money(usd: float | None) -> str:
    """USD to the cent, small sums with more places."""
    if usd is None:
        return DASH
    return f"${usd:,.2f}" if usd == 0 or usd >= 0.1 else f"${usd:.2g}" if usd >= 1e-4 else "under $0.0001"


def duration(seconds: float | None) -> str:
    """Seconds in the largest two units: 42 s, 3 min 5 s, 2 h 10 min, 4 d 3 h."""
    if seconds is None:
        return DASH
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    for size, name, part, part_name in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {name} {rest} {part_name}" if rest else f"{whole // size} {name}"
    return f"{whole} s"


def ago(moment: datetime | None) -> str:
    """How long ago, in one unit."""
    if moment is None:
        return DASH
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {name}{'s' if number > 1 else ''} ago"
    return "just now"


def clock(moment: datetime | None) -> str:
    """A moment in UTC to the second."""
    return DASH if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def plain(state: str) -> str:
    """A state's name with spaces."""
    return state.replace("_", " ")


def scorer(name: str) -> str:
    """`rule:expected` as `rule expected`; a model's folder by its last name."""
    kind, _, which = name.partition(":")
    if not which:
        return kind
    return f"{'reward model' if kind == 'classifier' else kind} {which.rstrip('/').rpartition('/')[2]}"


def scorers(asked: Sequence[Any]) -> str:
    """The scorers of a stored config, the first one first."""
    return ", ".join(scorer(RewardConfig.model_validate(one).scorer) for one in asked)


def short(name: str | None) -> str:
    """A model by the last part of its path; a Hugging Face id as it is."""
    if name is None:
        return DASH
    return name.rstrip("/").rpartition("/")[2] if name.startswith(("/", ".")) else name


def given(value: Any) -> str:
    """A value of a config in one line; a method by its name and what was said about it."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace("-", MINUS)
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        said = value.get(value["type"]) or {}
        return " ".join([value["type"], *(f"{name} {given(one)}" for name, one in said.items())])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def last_step(path: str) -> str:
    """`training.learning_rate` as `learning_rate`."""
    return path.rpartition(".")[2]


FILTERS: dict[str, Callable[..., Any]] = {
    "count": count,
    "rough": rough,
    "number": number,
    "score": score,
    "signed": signed,
    "percent": percent,
    "size": size,
    "money": money,
    "duration": duration,
    "ago": ago,
    "clock": clock,
    "plain": plain,
    "scorer": scorer,
    "scorers": scorers,
    "short": short,
    "given": given,
    "last_step": last_step,
    "json": partial(json.dumps, indent=2, ensure_ascii=False),
}
