"""What was wrong with a form, told beside it."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from api.errors import burnish_answer
from api.validation import explain
from core.errors import BurnishError


@dataclass(frozen=True)
class Refusal:
    """The status, what to tell, and the path of the field, "" for none; beside the field `brief` does not repeat it."""

    status: int
    message: str
    param: str

    @property
    def brief(self) -> str:
        """The message without the path that begins it."""
        path, colon, rest = self.message.partition(": ")
        return rest[:1].upper() + rest[1:] if colon and " " not in path else self.message


NOTHING = Refusal(200, "", "")


def refusal(error: ValidationError | BurnishError, body: dict[str, Any], *, secret: bool = False) -> Refusal:
    """The refusal as the API would answer it; with `secret` it does not repeat what was given."""
    if isinstance(error, BurnishError):
        return Refusal(burnish_answer(error).status_code, error.message, getattr(error, "param", None) or "")
    faults = error.errors(include_url=False, include_input=not secret)
    message, param, _ = explain([{**fault, "loc": ("body", *fault["loc"])} for fault in faults], body)
    return Refusal(422, message, param or "")
