"""Where the prompts of a form come from: the behavior, lines that are pasted, or a source, each with its fields."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from api.auth import Caller
from api.dashboard.answers import answer
from api.dashboard.fields import Fields
from api.dashboard.questions import Question, questions
from api.dashboard.words import ago, count
from api.deps import Paging
from api.routes.files import list_files
from core.configs.source import DatasetSource, FileSource, HubSource, ParquetSource, TopicSource
from core.database import transaction
from core.queries import datasets
from core.states import DatasetState
from core.tables import Dataset

KIND = "dataset.from"
LINES = "dataset.prompts"
TOPICS = "topics.topics"
OWN = "behavior"
CONFIGS: dict[str, type[BaseModel]] = {
    "file": FileSource, "dataset": DatasetSource, "hub": HubSource, "parquet": ParquetSource, "topics": TopicSource,
}  # fmt: skip
MOST = Paging(None, 100)


@dataclass(frozen=True)
class Place:
    """Where prompts may come from, in words, with its simple questions."""

    kind: str
    title: str
    text: str
    questions: list[Question]


@dataclass(frozen=True)
class Option:
    """Something of the ledger to choose: its id, and what people know it by."""

    id: str
    label: str


def places() -> list[Place]:
    """Every one, the behavior's own prompts first."""
    told = (
        (OWN, "the behavior", "The prompts that the behavior itself brings."),
        ("prompts", "lines written here", "One a line. Leave the number of prompts empty."),
        ("file", "an uploaded file", "Lines of text or messages, or parquet."),
        ("dataset", "a finished dataset", "Its prompts are answered anew."),
        ("hub", "the Hugging Face hub", "Only parquet files are read; no code of a dataset is run."),
        ("parquet", "a local parquet file", "A file, or a folder of them, under a data root of the operator."),
        ("topics", "topics", "The teacher writes the prompts, topic by topic; near repeats are left out."),
    )  # fmt: skip
    return [Place(kind, title, text, _questions(kind)) for kind, title, text in told]


def prompts_of(fields: Fields) -> dict[str, Any]:
    """The part of a dataset's request that says where its prompts come from; nothing for the behavior's own."""
    kind = fields.get(KIND, OWN)
    if kind == "prompts":
        return {"prompts": [{"text": line} for line in _lines(fields.get(LINES))]}
    if kind not in CONFIGS:
        return {}
    told: dict[str, Any] = {kind: {}}
    chosen = fields.get(f"{kind}.{kind}").strip()
    if kind in ("file", "dataset") and chosen:
        told[kind][kind] = chosen
    if kind == "topics":
        told[kind]["topics"] = _lines(fields.get(TOPICS))
    answer(told, fields, _questions(kind))
    return {"source": {"kind": kind, **told[kind]}}


def field_of(param: str, fields: Fields) -> str:
    """The name of the form's field that a `param` such as `dataset.source.repo` is about."""
    if param.startswith(LINES):
        return LINES
    name = param.removeprefix("dataset.source").removeprefix(".")
    kind = fields.get(KIND, OWN)
    if name.startswith("topics"):
        return TOPICS
    return f"{kind}.{name}" if name else KIND


def started(source: str) -> tuple[tuple[str, str], ...]:
    """Fields for `file:<id>` or `dataset:<id>`, as a link names a source."""
    kind, _, id = source.partition(":")
    return ((KIND, kind), (f"{kind}.{kind}", id)) if kind in ("file", "dataset") and id else ()


def source_values(caller: Caller, fields: Fields) -> dict[str, Any]:
    """What the form shows."""
    choices = {"file": file_options(caller, "prompts"), "dataset": _finished(caller)}
    shown = {kind: _with(options, fields.get(f"{kind}.{kind}")) for kind, options in choices.items()}
    return {"places": places(), "from_kind": fields.get(KIND, OWN), "choices": shown}


def file_options(caller: Caller, purpose: str, chosen: str = "") -> list[Option]:
    """The newest files for a purpose, and the one that is chosen."""
    found = [file for file in list_files(caller, MOST).data if file.purpose == purpose]
    options = [
        Option(file.id, f"{file.filename}, {count(file.rows)} {purpose}, {ago(file.created_at)}") for file in found
    ]
    return _with(options, chosen)


def _questions(kind: str) -> list[Question]:
    """The simple ones; which file or dataset, and the topics, are asked for by the page itself."""
    if kind not in CONFIGS:
        return []
    asked = questions(CONFIGS[kind], kind)
    return [
        question
        for question in asked
        if question.name not in ("file.file", "dataset.dataset") and question.label != "kind"
    ]


def _finished(caller: Caller) -> list[Option]:
    with transaction() as session:
        rows = datasets.page(session, caller.project_id, limit=MOST.limit)
        finished = [row for row in rows if row.state == DatasetState.completed]
        return [
            Option(row.id, f"{_named(row)}, {count(row.n_prompts)} prompts, {ago(row.created_at)}") for row in finished
        ]


def _named(row: Dataset) -> str:
    return ", ".join(row.config["behavior"]) or "imported pairs"


def _with(options: list[Option], chosen: str) -> list[Option]:
    """The options, and what is chosen where it is none of them."""
    return options if not chosen or any(one.id == chosen for one in options) else [*options, Option(chosen, chosen)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
