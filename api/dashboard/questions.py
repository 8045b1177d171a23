"""Form fields drawn from the configs themselves: what can be asked for, with bounds and defaults."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.methods.choice import MethodChoice, method_names

LABELS = {
    "n_prompts": "prompts", "sft_weight": "SFT weight", "max_tokens": "longest answer", "dtype": "number format",
    "usd": "USD", "max_chars": "longest side", "best_of": "revisions to choose from", "ngram": "words in a row",
    "min_margin": "least margin", "cache": "use the cache of turns",
}  # fmt: skip
BLANK = {
    "n_prompts": "all there are", "model": "the default", "base_url": "https://…", "secret": "none",
    "label": "by its kind and model", "repo": "owner/name", "path": "prompts.parquet",
    "revision": "the hub's own conversion", "instruction": "none",
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One field: `name` is the path in the request, `kind` is number, text, words, choice, switch or group.

    A text may be a number too, words may not. A group is a part of the request that is left out unless it is switched
    on; its fields are `parts`. `default` is what counts when nothing is said, "true" or "false" for switches. Where the
    request may say null instead of the default, `nullable`, an empty field says it.
    """

    name: str
    label: str
    kind: str
    default: str
    help: str
    choices: tuple[str, ...] = ()
    parts: tuple["Question", ...] = ()
    nullable: bool = False
    whole: bool = False
    least: float | None = None

    @property
    def blank(self) -> str:
        """What an empty field stands for."""
        return BLANK.get(self.name.rpartition(".")[2], "no limit" if ".budget." in self.name else "off")


def questions(config: type[BaseModel], prefix: str, *, only: tuple[str, ...] | None = None) -> list[Question]:
    """One question for each simple field of a config, in its order; `only` picks some by name."""
    return list(_asked(config, prefix, only))


def _asked(config: type[BaseModel], prefix: str, only: tuple[str, ...] | None) -> Iterator[Question]:
    for name, field in config.model_fields.items():
        if only is not None and name not in only:
            continue
        question = _question(f"{prefix}.{name}" if prefix else name, name, field)
        if question is not None:
            yield question


def _question(path: str, name: str, field: FieldInfo) -> Question | None:
    label, help = LABELS.get(name, name.replace("_", " ")), field.description or ""
    default = "" if field.is_required() or field.default is None else str(field.default)
    kinds = _kinds(field.annotation)
    choices = tuple(value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind))
    numbers = [kind for kind in kinds if kind in (int, float)]
    if kinds == [bool]:
        return Question(path, label, "switch", default.lower(), help)
    if choices and not numbers:
        return Question(path, label, "choice", default, help, choices if default else ("", *choices))
    if choices and numbers:
        return Question(path, label, "text", default, help or f"a number, or {' or '.join(choices)}")
    if numbers:
        empty = default != "" and type(None) in get_args(field.annotation)
        return Question(
            path, label, "number", default, help, nullable=empty, whole=numbers == [int], least=_least(field)
        )
    if kinds == [str]:
        return Question(path, label, "words", default, help)
    return _group(path, label, field, kinds)


def _group(path: str, label: str, field: FieldInfo, kinds: list[Any]) -> Question | None:
    """A part that may be left out; other parts are asked for field by field, or not at all."""
    if field.default is not None or len(kinds) != 1 or not isinstance(kinds[0], type):
        return None
    if not issubclass(kinds[0], BaseModel):
        return None
    parts = tuple(questions(kinds[0], path))
    return Question(path, label, "group", "false", field.description or "", parts=parts)


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
