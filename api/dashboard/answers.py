"""From the fields of a form to the part of a request that its questions ask for, and from a config to fields."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from api.dashboard.fields import Fields
from api.dashboard.questions import Question


def answer(body: dict[str, Any], fields: Fields, asked: Iterable[Question]) -> None:
    """Write what the form says into `body`; fields that are empty or at their default are left out."""
    for question in asked:
        said = fields.last(question.name).strip()
        if question.kind == "group":
            if said == "true":
                put(body, question.name, {})
                answer(body, fields, question.parts)
        elif question.nullable and not said and question.name in fields:
            put(body, question.name, None)
        elif said and said != question.default:
            put(body, question.name, typed(said, question.kind))


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Set the field at a dotted path."""
    *steps, last = path.split(".")
    for step in steps:
        found = body.setdefault(step, {})
        body = found if isinstance(found, dict) else {}
    body[last] = value


def fields_of(config: BaseModel, asked: Iterable[Question], *, prefix: str = "") -> Fields:
    """The fields that say what a config says."""
    return Fields(tuple(_said(config.model_dump(mode="json"), asked, prefix)))


def _said(values: dict[str, Any], asked: Iterable[Question], prefix: str) -> Iterable[tuple[str, str]]:
    for question in asked:
        value = values.get(question.name.removeprefix(prefix))
        if question.kind == "group":
            yield question.name, "true" if value is not None else "false"
            yield from _said(value or {}, question.parts, f"{question.name}.")
        elif value is not None or question.nullable:
            yield question.name, _written(value)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def typed(text: str, kind: str) -> Any:
    """A whole number, a number, a yes or no, or the text; the config itself says what is right."""
    if kind == "switch":
        return text == "true"
    for number in (int, float) if kind in ("number", "text") else ():
        try:
            return number(text)
        except ValueError:
            continue
    return text
