"""Scorers of a form, one row each: their fields, their part of the request, rows added and taken away."""

from dataclasses import dataclass, replace
from typing import Any

from api.dashboard.answers import answer
from api.dashboard.fields import Fields
from api.dashboard.questions import Question, questions
from core.configs.reward import RewardConfig
from core.configs.rules import RULES
from core.configs.sampling import Sampling

CLASSIFIER = "classifier"
SAMPLING = RewardConfig.model_fields["sampling"].default  # of a judge
OF_SAMPLING = {"temperature": "0.0 gives the likeliest verdict", "max_tokens": "of a verdict, with what leads up to it"}
FITS: dict[str, tuple[str, ...]] = {  # the fields of each kind
    CLASSIFIER: ("model", "engine", "purpose", "label"),
    "judge": (
        "model",
        "engine",
        "base_url",
        "secret",
        "pairwise",
        "sampling.temperature",
        "sampling.max_tokens",
        "purpose",
        "label",
    ),
    "rule": ("rule", "purpose", "label"),
    "given": ("purpose", "label"),
}
HELP = {
    "engine": "auto, unless it matters; openai is an OpenAI-compatible endpoint",
    "base_url": "of an endpoint, such as https://api.example.org/v1",
    "secret": "the name of the one that holds the endpoint's key",
    "pairwise": "draft and revision in both orders",
    "purpose": "cost: a higher value is worse",
    "label": "a name of your own for the scores",
    "rule": "",
}


@dataclass(frozen=True)
class Row:
    """A scorer: where its fields begin, such as `dataset.reward.0`, its kind, and its questions beside the model."""

    place: int
    name: str
    kind: str
    questions: list[Question]

    def kinds(self, question: Question) -> str:
        """The kinds that a question belongs to, for the script that shows and hides it."""
        asked = question.name.removeprefix(f"{self.name}.")
        return " ".join(kind for kind, names in FITS.items() if asked in names)


def rows_of(fields: Fields, prefix: str, kind: str = CLASSIFIER) -> list[Row]:
    """The rows that a form sent, at least one; `kind` is that of a row which says nothing."""
    return [_row(fields, prefix, place, kind) for place in range(max(_number(fields, prefix), 1))]


def scorers_of(fields: Fields, prefix: str, kind: str = CLASSIFIER) -> Any:
    """What the request says under `reward`: one scorer, several, or None for the default alone."""
    told = [_told(fields, row) for row in rows_of(fields, prefix, kind)]
    if len(told) > 1:
        return told
    return None if told[0] == {"kind": kind} else told[0]


def field_of(param: str, fields: Fields, prefix: str) -> str:
    """The name of the form's field that a `param` such as `dataset.reward.rule` is about."""
    place, _, name = param.removeprefix(prefix).removeprefix(".").partition(".")
    if not place.isdigit():
        place, name = "0", ".".join(filter(None, (place, name)))
    if name == "rule" and fields.get(f"{prefix}.{place}.kind", CLASSIFIER) != "rule":
        name = "model"  # where it was written
    return f"{prefix}.{place}.{name or 'kind'}"


def with_another(fields: Fields, prefix: str) -> Fields:
    """The form with an empty row behind the others."""
    number = max(_number(fields, prefix), 1)
    first = () if f"{prefix}.0.kind" in fields else ((f"{prefix}.0.kind", CLASSIFIER),)
    return Fields((*fields.pairs, *first, (f"{prefix}.{number}.kind", CLASSIFIER)))


def without(fields: Fields, prefix: str, place: int) -> Fields:
    """The form without a row; those behind it move up."""
    kept = []
    for name, value in fields.pairs:
        at, _, rest = name.removeprefix(f"{prefix}.").partition(".")
        if not name.startswith(f"{prefix}.") or not at.isdigit() or int(at) < place:
            kept.append((name, value))
        elif int(at) > place:
            kept.append((f"{prefix}.{int(at) - 1}.{rest}", value))
    return Fields(tuple(kept))


def changed(fields: Fields, prefix: str) -> Fields:
    """The form after the button `add` or `remove` was pressed."""
    taken = fields.get("remove")
    if taken.isascii() and taken.isdigit():
        return without(fields, prefix, int(taken))
    return with_another(fields, prefix) if "add" in fields else fields


def _row(fields: Fields, prefix: str, place: int, kind: str) -> Row:
    name = f"{prefix}.{place}"
    asked = questions(RewardConfig, name, only=tuple(HELP))
    asked = [replace(one, help=HELP[one.name.rpartition(".")[2]]) for one in asked]
    asked = [replace(one, kind="choice", choices=RULES) if one.name.endswith(".rule") else one for one in asked]
    purpose = next(at for at, one in enumerate(asked) if one.name.endswith(".purpose"))
    asked[purpose:purpose] = _sampling(f"{name}.sampling")
    return Row(place, name, fields.get(f"{name}.kind", kind), asked)


def _sampling(name: str) -> list[Question]:
    """How verdicts are sampled, with the defaults of a judge."""
    asked = questions(Sampling, name, only=tuple(OF_SAMPLING))
    fields = [one.name.rpartition(".")[2] for one in asked]
    return [
        replace(one, default=str(getattr(SAMPLING, field)), help=OF_SAMPLING[field])
        for one, field in zip(asked, fields, strict=True)
    ]


def _told(fields: Fields, row: Row) -> dict[str, Any]:
    """One scorer; fields that its kind does not have are left out. `rule:<name>` and `judge:<model>` name both."""
    kind, model = row.kind, fields.get(f"{row.name}.model").strip()
    said: dict[str, Any] = {}
    head, colon, rest = model.partition(":")
    if kind == CLASSIFIER and colon and head in ("rule", "judge"):
        kind, model = head, rest
        said = {"rule": rest} if head == "rule" else {}
    if "model" in FITS.get(kind, ()) and model:
        said["model"] = model
    own = [replace(one, name=one.name.removeprefix(f"{row.name}.")) for one in row.questions]
    fitting = [one for one in own if one.name in FITS.get(kind, ()) and one.name not in said]
    answer(said, _inside(fields, row.name), fitting)
    if "sampling" in said:  # what a request says of it stands for all of it
        said["sampling"] = {"temperature": SAMPLING.temperature} | said["sampling"]
    return {"kind": kind} | said


def _inside(fields: Fields, name: str) -> Fields:
    """The fields under a name, without it."""
    start = f"{name}."
    return Fields(tuple((key.removeprefix(start), value) for key, value in fields.pairs if key.startswith(start)))


def _number(fields: Fields, prefix: str) -> int:
    """Rows are told by their kind, and numbered without gaps."""
    number = 0
    while f"{prefix}.{number}.kind" in fields:
        number += 1
    return number
