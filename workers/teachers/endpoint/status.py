"""From an HTTP status and the body beside it to a fault."""

import json
import re
from collections.abc import Mapping
from typing import Any

from workers.teachers.endpoint.fault import Fault, Kind, quoted
from workers.teachers.endpoint.retry_after import seconds_in

BUSY, AWAY = 429, 503
AGAIN = (408, 409, 425)
REFUSED = (401, 402, 403, 404, 405, 407, 410)
FILTERED = ("content_filter", "content_policy_violation")
NO_MONEY = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")  # a 429 that time does not mend
TOO_LONG = ("context_length_exceeded", "string_above_max_length")
LONG_WORDS = ("context length", "context window", "maximum context", "prompt is too long", "too many tokens")
UNKNOWN_FIELD = ("unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden")
UNRECOGNIZED = re.compile(r"unrecognized request arguments? supplied: (\w+)", re.IGNORECASE)  # OpenAI's, without param


def fault_of(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """The fault that an answer without success stands for."""
    told = _error(body)
    words, field = quoted(told.get("message")), told.get("param")
    if field and field not in words:
        words = f"{quoted(field)}: {words}"
    message = f"it answers {status}" + (f": {words}" if words else "")
    after = seconds_in(headers.get("retry-after"))
    return Fault(message, kind=_kind(status, told), after=after, field=field)


def _kind(status: int, told: Mapping[str, Any]) -> Kind:
    if status == BUSY and {told.get("code"), told.get("type")} & {*NO_MONEY}:
        return "refused"
    if status in (BUSY, AWAY):
        return "busy" if status == BUSY else "away"
    if status in AGAIN or status >= 500:
        return "broken"
    if status in REFUSED or status < 400:  # a redirect is not followed
        return "refused"
    return _of_request(told)


def _of_request(told: Mapping[str, Any]) -> Kind:
    codes = {told.get("code"), told.get("type")} - {None}
    words = str(told.get("message")).lower()
    if codes & {*TOO_LONG} or any(phrase in words for phrase in LONG_WORDS):
        return "too_long"
    if codes & {*FILTERED}:
        return "filtered"
    return "refused" if codes & {*UNKNOWN_FIELD} else "rejected"


def _error(body: bytes) -> dict[str, str]:
    """The error object of OpenAI's form, of vLLM's older flat one, or of FastAPI's; empty for anything else."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    inner = content.get("error", content)
    told = inner if isinstance(inner, dict) else {"message": inner}
    told = told | (_complaint(told) or _complaint(told.get("message")))
    unrecognized = UNRECOGNIZED.search(str(told.get("message")))
    if unrecognized:
        told |= {"param": unrecognized[1], "code": "unknown_parameter"}
    return {name: told[name] for name in ("message", "code", "type", "param") if isinstance(told.get(name), str)}


def _complaint(told: Any) -> dict[str, Any]:
    """What the first entry of a FastAPI `detail` says, in OpenAI's words; Mistral has it inside `message`."""
    detail = told.get("detail") if isinstance(told, dict) else None
    first = detail[0] if isinstance(detail, list) and detail else {"msg": detail}
    if not isinstance(first, dict) or not isinstance(first.get("msg"), str):
        return {}
    where = first["loc"] if isinstance(first.get("loc"), list) else []
    param = ".".join(str(part) for part in where if part != "body")
    return {"message": first["msg"], "code": first.get("type"), "param": param or None}
