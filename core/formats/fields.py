"""Fields of one line, looked up with the place of each fault."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from core.errors import BadInput
from core.formats.pair import Messages

ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Fields:
    """The object of a line; every method raises BadInput with param `line N: path`."""

    line: int
    values: Mapping[str, Any]

    def refuse(self, path: str, problem: str) -> NoReturn:
        """Raises BadInput that names the line, the field and the remedy that `problem` holds."""
        raise BadInput(f"Line {self.line}: {path} {problem}.", param=f"line {self.line}: {path}")

    def text(self, name: str) -> str:
        """A text that is there."""
        return self.is_text(name, self._there(name))

    def is_text(self, path: str, value: Any) -> str:
        """`value`, if it is a text."""
        if not isinstance(value, str):
            self.refuse(path, "must be a text; put it in quotes")
        return value

    def number(self, name: str) -> float | None:
        """A finite number; None when it is left out or null."""
        return self.is_number(name, self.values.get(name))

    def is_number(self, path: str, value: Any) -> float | None:
        """`value`, if it is a finite number or None."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(path, "must be a number or null")
        if (isinstance(value, int) and abs(value) > 2**53) or not math.isfinite(value):
            self.refuse(path, "is too large a number to keep; send a finite one or null")
        return float(value)

    def messages(self, name: str) -> Messages:
        """Messages that end with the user's turn; a text is the user's only turn."""
        value = self._there(name)
        if isinstance(value, str):
            return [{"role": "user", "content": value}]
        return self.conversation(name, value)

    def conversation(self, path: str, value: Any) -> Messages:
        """A list of messages that ends with the user's turn."""
        turns = self._turns(path, value)
        if turns[-1]["role"] != "user":
            self.refuse(f"{path}.{len(turns) - 1}.role", "must be user: the last message before the answers is theirs")
        return turns

    def answer(self, name: str) -> str:
        """A text, or one message of the assistant."""
        value = self._there(name)
        if isinstance(value, str):
            return value
        turns = self._turns(name, value)
        if len(turns) != 1:
            self.refuse(name, f"has {len(turns)} messages; an answer is one message of the assistant")
        if turns[0]["role"] != "assistant":
            self.refuse(f"{name}.0.role", "must be assistant")
        return turns[0]["content"]

    def _there(self, name: str) -> Any:
        if self.values.get(name) is None:
            self.refuse(name, "is missing; add it")
        return self.values[name]

    def _turns(self, path: str, value: Any) -> Messages:
        if not isinstance(value, list) or not value:
            self.refuse(path, "must be a list of at least one message")
        return [self._turn(f"{path}.{place}", turn) for place, turn in enumerate(value)]

    def _turn(self, path: str, turn: Any) -> dict[str, str]:
        if not isinstance(turn, dict):
            self.refuse(path, "must be a message: an object with role and content")
        if turn.get("role") not in ROLES:
            self.refuse(f"{path}.role", f"must be one of {', '.join(ROLES)}")
        return {"role": turn["role"], "content": self.is_text(f"{path}.content", turn.get("content"))}
