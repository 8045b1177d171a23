"""A value of a source's column as a prompt: a text, or a list of messages."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from core.configs.behavior import Message, PromptSpec
from core.errors import BadInput
from core.text import clean

ROLES = ("system", "user", "assistant")
LONGEST = 100_000  # characters of one message
MOST = 200  # messages of one prompt
PARAM = "source.column"


def prompt_of(value: Any, where: str) -> PromptSpec | None:
    """The prompt, None where there is no word of the user's.

    What the assistant says behind the user's last turn is cut off: the teacher answers that turn. Raises BadInput that
    begins with `where` for anything that is neither a text nor a list of messages.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return PromptSpec(text=_text(value, where)) if value.strip() else None
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        _refuse(where, f"is {type(value).__name__}; a prompt is a text, or a list of messages")
    turns = [_turn(turn, f"{where}, message {place}") for place, turn in enumerate(value, 1)]
    while turns and turns[-1].role != "user":
        turns.pop()
    if len(turns) > MOST:
        _refuse(where, f"has {len(turns)} messages, more than the {MOST} a prompt may have")
    return PromptSpec(messages=tuple(turns)) if turns else None


def _turn(turn: Any, where: str) -> Message:
    if not isinstance(turn, Mapping):
        _refuse(where, "is no message: an object with role and content")
    role, content = turn.get("role"), turn.get("content")
    if role not in ROLES:
        _refuse(where, f"has the role {str(role)[:50]!r}; it must be one of {', '.join(ROLES)}")
    if not isinstance(content, str) or not content.strip():
        _refuse(where, "has no content; it must be a text")
    return Message(role=role, content=_text(content, where))


def _text(text: str, where: str) -> str:
    if len(text) > LONGEST:
        _refuse(where, f"has {len(text)} characters, more than the {LONGEST} of a message")
    return clean(text).text


def _refuse(where: str, problem: str) -> NoReturn:
    raise BadInput(f"{where}, {problem}.", param=PARAM)
