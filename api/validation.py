"""What pydantic found wrong, said as one message with the dotted path of the field."""

from collections.abc import Sequence
from typing import Any

from core.outgoing.place import shown

PLACES = ("body", "query", "path", "header", "cookie")
MOST = 5  # faults named in one message


def explain(faults: Sequence[Any], body: Any) -> tuple[str, str | None, str]:
    """(message, param, code) of a refused request; `param` is the path of the first fault."""
    if not faults:
        return "The request is not valid.", None, "invalid"
    told = [_sentence(fault, body) for fault in faults[:MOST]]
    if len(faults) > MOST:
        told.append(f"and {len(faults) - MOST} more.")
    return " ".join(told), path_of(faults[0], body), str(faults[0]["type"])


def path_of(fault: Any, body: Any) -> str | None:
    """Dotted path of a fault's field as the caller wrote it: pydantic's names of union branches are left out."""
    place, *steps = fault["loc"] or ("body",)
    if fault["type"] == "json_invalid":
        return None
    if place not in PLACES:
        steps = [place, *steps]
    if place != "body":
        return ".".join(str(step) for step in steps) or None
    if (field := (fault.get("ctx") or {}).get("field")) is not None:
        steps = [*steps, field]
    return ".".join(_walk(steps, body, missing=fault["type"] == "missing")) or None


def _walk(steps: Sequence[Any], body: Any, *, missing: bool) -> list[str]:
    here: Any = body
    named: list[str] = []
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        if _leads_on(here, step):
            here = here[step]
        elif not (last and missing and isinstance(here, dict)):
            continue
        named.append(str(step))
    return named


def _leads_on(here: Any, step: Any) -> bool:
    if isinstance(here, dict):
        return step in here
    return isinstance(here, list) and isinstance(step, int) and step < len(here)


def _sentence(fault: Any, body: Any) -> str:
    where = path_of(fault, body)
    said = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if fault["type"] == "extra_forbidden":
        said = "there is no such field; leave it out"
    elif fault["type"] == "json_invalid":
        said = f"the body is not JSON ({(fault.get('ctx') or {}).get('error', 'malformed')})"
    said = said[:1].upper() + said[1:] if where is None else said[:1].lower() + said[1:]
    return (f"{where}: {said}" if where else said).rstrip(".") + _given(fault, where) + "."


def _given(fault: Any, where: str | None) -> str:
    value = fault.get("input")
    if fault["type"] in ("missing", "extra_forbidden", "json_invalid") or not isinstance(value, str | int | float):
        return ""
    told = repr(shown(value) if isinstance(value, str) and (where or "").endswith("url") else value)
    return f" (given {told if len(told) <= 60 else told[:57] + '...'})"
