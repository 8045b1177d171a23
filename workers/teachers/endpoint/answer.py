"""From the JSON of a chat completion to what was said, how it ended and what it took."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.text import MAX_CHARS
from workers.teachers.endpoint.fault import Fault

MOST_TOKENS = 10_000_000  # a count above it is a mistake of the endpoint
# What endpoints call an end, and what it is called here.
FINISHES = {
    None: "stop", "": "stop", "stop": "stop", "eos": "stop", "eos_token": "stop", "end_turn": "stop",
    "stop_sequence": "stop", "length": "length", "max_tokens": "length", "model_length": "length",
    "content_filter": "content_filter", "safety": "content_filter", "refusal": "refusal",
    "tool_calls": "tool_calls", "tool_use": "tool_calls", "function_call": "tool_calls",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What an endpoint said. Counts are None where it did not say them in a way that can be true."""

    text: str
    finish: str
    prompt_tokens: int | None
    tokens: int | None
    cached_tokens: int


def read_answer(raw: bytes) -> Answer:
    """Read a body. Raises Fault for anything that is no chat completion with one answer."""
    choice, usage = _choice(raw)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Fault("its answer has no message", kind="broken")
    finish = _finish(choice.get("finish_reason"), message)
    return Answer(
        text=_text(message.get("content"), finish),
        finish=finish,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(_mapping(usage.get("prompt_tokens_details")).get("cached_tokens")) or 0,
    )


def _choice(raw: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        page = raw[:200].lstrip().lower().startswith((b"<!doctype", b"<html", b"<"))
        raise Fault(f"its answer is {'a web page' if page else 'no JSON'}", kind="broken") from error
    choices = content.get("choices") if isinstance(content, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Fault("its answer has no choices", kind="broken")
    return choices[0], _mapping(content.get("usage"))


def _finish(reason: Any, message: Mapping[str, Any]) -> str:
    if message.get("refusal"):
        return "refusal"
    if not isinstance(reason, str | None) or (name := FINISHES.get(reason and reason.lower())) is None:
        raise Fault(f"its answer ended for a reason that is not known: {str(reason)[:40]!r}", kind="broken")
    return "tool_calls" if name == "stop" and message.get("content") is None and message.get("tool_calls") else name


def _text(content: Any, finish: str) -> str:
    if content is None and finish != "stop":
        return ""
    if not isinstance(content, str):
        raise Fault("its answer has no content that is text", kind="broken")
    if len(content) > MAX_CHARS:
        raise Fault(f"its answer has more than {MAX_CHARS} characters", kind="broken")
    return content


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
