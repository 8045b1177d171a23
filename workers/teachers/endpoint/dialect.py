"""How a model behind an endpoint wants to be asked, as far as its operator and its refusals have told."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

import structlog

from core.configs.model import SamplingField
from workers.teachers.endpoint.fault import Fault

OLD, NEW = "max_tokens", "max_completion_tokens"
OPTIONAL = get_args(SamplingField)

log = structlog.get_logger()


class Dialect:
    """The fields of requests by the names that the model takes, without those that it does not take."""

    def __init__(self, model: str, *, omit: Iterable[str] = ()) -> None:
        self._model = model
        self._limit = OLD
        self._omitted = set(omit)

    def speak(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as they are sent now."""
        kept = {name: value for name, value in fields.items() if name not in self._omitted}
        return {self._limit if name == OLD else name: value for name, value in kept.items()}

    @staticmethod
    def omitted(fields: Mapping[str, Any], sent: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields that were not sent."""
        return tuple(name for name in OPTIONAL if name in fields and name not in sent)

    def learns(self, fault: Fault, sent: Mapping[str, Any]) -> bool:
        """Whether it pays to ask again in other words than were sent: the fault names a field that need not be so.

        What this very request carried counts, for many are under way when the first one is refused.
        """
        if fault.kind not in ("rejected", "refused") or fault.field is None or fault.field not in sent:
            return False
        if fault.field == OLD and NEW in fault.message:
            self._limit = NEW
            return True
        if fault.kind == "refused" and fault.field in OPTIONAL:
            self._omit(fault.field, fault.message)
            return True
        return False

    def _omit(self, field: str, why: str) -> None:
        if field not in self._omitted:
            self._omitted.add(field)
            log.warning("field left out from now on", model=self._model, field=field, reason=why)
