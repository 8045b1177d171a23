"""How a model behind an endpoint wants to be asked, as far as its refusals have told."""

from collections.abc import Mapping
from typing import Any

from workers.teachers.endpoint.fault import Fault

OLD, NEW = "max_tokens", "max_completion_tokens"


class Dialect:
    """The fields of requests by the names that the model takes."""

    def __init__(self) -> None:
        self._limit = OLD

    def speak(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as they are sent now."""
        return {self._limit if name == OLD else name: value for name, value in fields.items()}

    def learns(self, fault: Fault, sent: Mapping[str, Any]) -> bool:
        """Whether it pays to ask again in other words than were sent: the fault names a field that need not be so.

        What this very request carried counts, for many are under way when the first one is refused.
        """
        if fault.kind not in ("rejected", "refused") or fault.field not in sent:
            return False
        if fault.field == OLD and NEW in fault.message:
            self._limit = NEW
            return True
        return False
