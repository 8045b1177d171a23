"""JSON as the standard has it: no NaN, no doubled keys, no endless nesting, no text that PostgreSQL refuses."""

import json
import math
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 64


@dataclass(frozen=True)
class Fault:
    """Why a body is refused: 400 when it is not JSON, 422 with the field's path when a value cannot be kept."""

    status: int
    message: str
    param: str | None = None


def fault_in(raw: bytes) -> Fault | None:
    """The first fault of a request body; None when it is fine."""
    return parse(raw)[1]


def parse(raw: bytes) -> tuple[Any, Fault | None]:
    """The value of a JSON text and None, or None and its first fault."""
    try:
        value = json.loads(raw.decode(), parse_constant=_no_constant, object_pairs_hook=_distinct)
    except RecursionError:
        return None, Fault(400, f"The JSON is nested deeper than {MAX_DEPTH} levels; flatten it.")
    except UnicodeDecodeError as error:
        return None, Fault(400, f"The body is not UTF-8 (byte {error.start}); encode it as UTF-8.")
    except ValueError as error:
        return None, Fault(400, f"The body is not valid JSON: {error}.")
    fault = fault_of(value)
    return (value, None) if fault is None else (None, fault)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number; leave the field out or send null")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} is given twice in one object")
    return made


def fault_of(value: Any) -> Fault | None:
    """Walk the value without recursion and judge depth, texts and numbers."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:
        path, here = waiting.pop()
        if len(path) > MAX_DEPTH:
            return Fault(400, f"The JSON is nested deeper than {MAX_DEPTH} levels; flatten it.")
        if isinstance(here, dict):
            for key in here:
                if (problem := _text_problem(key)) is not None:
                    return Fault(422, f"A key has {problem}; remove it.", ".".join(path) or None)
            waiting.extend(((*path, key), inner) for key, inner in here.items())
        elif isinstance(here, list):
            waiting.extend(((*path, str(place)), inner) for place, inner in enumerate(here))
        elif (problem := _scalar_problem(here)) is not None:
            return Fault(422, f"{'.'.join(path) or 'The body'} has {problem}; remove it.", ".".join(path) or None)
    return None


def _scalar_problem(value: Any) -> str | None:
    if isinstance(value, str):
        return _text_problem(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "a number too large to keep"
    return None


def _text_problem(text: str) -> str | None:
    if "\x00" in text:
        return "a NUL character (\\u0000), which cannot be stored"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"a lone surrogate (\\u{ord(text[error.start]):04x}), which is no character"
    return None
