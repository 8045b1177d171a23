"""Fields of a sent form, each name with its values in order."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request

from core.errors import BadInput

MOST_FIELDS = 500


@dataclass(frozen=True)
class Fields:
    """What a form sent."""

    pairs: tuple[tuple[str, str], ...] = field(default=())

    def __contains__(self, name: object) -> bool:
        """Whether the form sent the name at all."""
        return any(key == name for key, _ in self.pairs)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a name."""
        return next((value for key, value in self.pairs if key == name), default)

    def last(self, name: str) -> str:
        """The last value of a name: what a checkbox says over the hidden field before it."""
        return next((value for key, value in reversed(self.pairs) if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a name."""
        return [value for key, value in self.pairs if key == name]

    def but(self, name: str, value: str) -> "Fields":
        """The same with one value for a name."""
        return Fields((*(pair for pair in self.pairs if pair[0] != name), (name, value)))


NO_FIELDS = Fields()


async def sent_fields(request: Request) -> Fields:
    """The fields of the request's body. Raises BadInput for a body that is no form."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise BadInput(f"A form is sent as application/x-www-form-urlencoded, not as {kind!r}.")
    try:
        text = (await request.body()).decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"The form cannot be read: {error}.") from error
    return Fields(tuple((name, value.replace("\r\n", "\n")) for name, value in pairs))
