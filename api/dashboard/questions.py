"""Form fields drawn from the configs themselves: what a method or a training can be told, with bounds and defaults."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.methods.choice import MethodChoice, method_names

LABELS = {"n_prompts": "prompts", "sft_weight": "SFT weight", "max_tokens": "longest answer", "dtype": "number format"}


@dataclass(frozen=True)
class Question:
    """One field: `name` is the path in the request, `kind` is number, text or choice."""

    name: str
    label: str
    kind: str
    default: str
    help: str
    choices: tuple[str, ...] = ()
    whole: bool = False
    least: float | None = None


def questions(config: type[BaseModel], prefix: str, *, only: tuple[str, ...] | None = None) -> list[Question]:
    """One question for each simple field of a config, in its order; `only` picks some by name."""
    return list(_asked(config, prefix, only))


def _asked(config: type[BaseModel], prefix: str, only: tuple[str, ...] | None) -> Iterator[Question]:
    for name, field in config.model_fields.items():
        if only is not None and name not in only:
            continue
        question = _question(f"{prefix}.{name}", name, field)
        if question is not None:
            yield question


def _question(path: str, name: str, field: FieldInfo) -> Question | None:
    label, help = LABELS.get(name, name.replace("_", " ")), field.description or ""
    default = "" if field.default is None else str(field.default)
    kinds = _kinds(field.annotation)
    choices = tuple(value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind))
    numbers = [kind for kind in kinds if kind in (int, float)]
    if choices and not numbers:
        return Question(path, label, "choice", default, help, choices)
    if choices and numbers:
        return Question(path, label, "text", default, help or f"a number, or {' or '.join(choices)}")
    if numbers:
        return Question(path, label, "number", default, help, whole=numbers == [int], least=_least(field))
    return None


def _kinds(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, None left out."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for part in get_args(annotation) for kind in _kinds(part) if kind is not type(None)]
    return [annotation]


def _least(field: FieldInfo) -> float | None:
    for bound in field.metadata:
        if isinstance(bound, Ge | Gt):
            return float(str(bound.ge if isinstance(bound, Ge) else bound.gt))
    return None


@dataclass(frozen=True)
class MethodCard:
    """A method to choose, with its own questions."""

    name: str
    summary: str
    needs_scores: bool
    questions: list[Question]


def method_cards() -> list[MethodCard]:
    """Every method there is."""
    made = []
    for name in method_names():
        (config,) = (kind for kind in _kinds(MethodChoice.model_fields[name].annotation))
        made.append(
            MethodCard(name, config.facts.summary, config.facts.needs_scores, questions(config, f"method.{name}"))
        )
    return made
