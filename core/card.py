"""A dataset card: what the pairs are, who made and scored them, how many there are, and under which licences.

No licence is claimed for the dataset itself: it follows from those of the models and texts, which only the operator
knows. Where nothing was said the card says so.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import yaml

from core import told
from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.source import DatasetSource, FileSource, HubSource, ParquetSource, TopicSource
from core.queries.cards import CardFacts
from core.queries.pairs import distinct
from core.settings import settings

NOT_STATED = "not stated"
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST = "1M<n<10M"
COLUMNS = (
    ("prompt", "messages before the answers, as they are trained on"),
    ("chosen, rejected", "the two answers"),
    ("score_chosen, score_rejected", "what the first scorer gave"),
    ("scores", "what every scorer gave"),
    ("weight", "what its loss may be multiplied by, where the pair was imported with one"),
)


def card(facts: CardFacts, *, files: dict[str, str] | None = None) -> str:
    """The card as Markdown with a head of YAML; `files` maps splits to the paths of their files beside it."""
    sections = [
        f"# {_title(facts)}",
        "Preference pairs for alignment, made with Burnish.",
        *_behaviors(facts),
        *_teacher(facts),
        *_prompts(facts),
        *_scorers(facts),
        *_counts(facts),
        "## Columns",
        _table(("column", "holds"), COLUMNS),
        *_licences(facts),
    ]
    return f"---\n{_head(facts, files)}---\n\n" + "\n\n".join(sections) + "\n"


def _head(facts: CardFacts, files: dict[str, str] | None) -> str:
    kept = facts.counts["kept"]
    head: dict[str, Any] = {
        "pretty_name": _title(facts),
        "task_categories": ["text-generation"],
        "tags": ["preference", "dpo", "burnish"],
        "size_categories": [next((name for most, name in SIZES if kept < most), LARGEST)],
    }
    if files:
        paths = [{"split": split, "path": path} for split, path in files.items()]
        head["configs"] = [{"config_name": "default", "data_files": paths}]
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def _title(facts: CardFacts) -> str:
    names = ", ".join(facts.config.behavior)
    return f"{names or 'Imported pairs'} ({facts.dataset.id})"


def _behaviors(facts: CardFacts) -> Iterator[str]:
    if facts.behaviors:
        yield "## Behavior"
        yield _table(("behavior", "version", "principle"), [(b.name, b.version, b.principle) for b in facts.behaviors])


def _teacher(facts: CardFacts) -> Iterator[str]:
    made = ", ".join(
        f"{_number(maker.chains)} by `{maker.engine}` `{maker.model_fingerprint}`" for maker in facts.makers
    )
    if facts.file is not None:
        yield "## Origin"
        yield (
            f"Imported from a file of {_number(facts.file.rows)} pairs (`{facts.file.id}`, SHA-256 "
            f"`{facts.file.sha256}`)."
        )
        return
    yield "## Teacher"
    config, model = facts.config, str(facts.config.teacher.model)
    where = told.endpoint(config.teacher.base_url)
    yield _table(
        ("model", "endpoint", "strategy", "rounds", "seed", "licence"),
        [(told.model(model), where, config.strategy, config.rounds, config.seed, _licence(model))],
    )
    yield f"Answers: {made or 'none'}."


def _prompts(facts: CardFacts) -> Iterator[str]:
    if facts.file is not None:
        return
    yield "## Prompts"
    yield _table(("from", "which"), _source(facts.config))


def _source(config: DatasetConfig) -> list[tuple[str, str]]:
    """Of a path only the last part is told: where an operator keeps files is nobody's business."""
    match config.source:
        case None if config.prompts is not None:
            return [("the request", _number(len(config.prompts)))]
        case None:
            return [("behavior", name) for name in config.behavior]
        case FileSource(file=id):
            return [("uploaded file", id)]
        case DatasetSource(dataset=id, kept=kept):
            return [("dataset", f"{id}, prompts of kept pairs" if kept else id)]
        case ParquetSource(path=path, column=column):
            return [("parquet", f"{PurePath(path).name}, column {column}")]
        case HubSource() as hub:
            revision = hub.revision or "the hub's own parquet files"
            return [("hub", f"{hub.repo}, subset {hub.subset}, split {hub.split}, column {hub.column}, {revision}")]
        case TopicSource(topics=topics):
            return [("written by the teacher", f"{_number(len(topics))} topics")]


def _scorers(facts: CardFacts) -> Iterator[str]:
    yield "## Scorers"
    asked = {reward.scorer: reward for reward in facts.config.reward}
    rows = []
    for row in facts.scores:
        reward = asked.get(row.scorer)
        rows.append(
            (
                told.scorer(reward) if reward else row.scorer,
                reward.purpose if reward else "as in the file", _scale(facts, row.scorer),
                _number(row.given), _number(row.missing), _real(row.minimum), _real(row.mean), _real(row.maximum),
                _real(row.sd), _licence_of(reward),
            )
        )  # fmt: skip
    heads = ("scorer", "purpose", "scale", "scores", "missing", "least", "mean", "most", "sd", "licence")
    yield _table(heads, rows) if rows else "Nothing was scored."


def _scale(facts: CardFacts, scorer: str) -> str:
    low, high = facts.scales.get(scorer, (None, None))
    return "not declared" if low is None or high is None else f"{low:g} to {high:g}"


def _counts(facts: CardFacts) -> Iterator[str]:
    counts, config = facts.counts, facts.config
    yield "## Counts"
    rows: list[tuple[Any, ...]] = [
        ("asked", _number(facts.dataset.n_prompts * config.samples_per_prompt)),
        ("chains that ended", _number(facts.chains.get("done", 0) + facts.chains.get("failed", 0))),
        ("chains that ended well", _number(facts.chains.get("done", 0))),
        ("chains that failed", _number(facts.chains.get("failed", 0))),
        ("pairs with both scores", _number(counts["scored"])),
        ("pairs that repeat nothing, as far as the filters look for it", _number(distinct(counts))),
        ("pairs dropped", _number(counts["dropped"])),
        ("pairs kept", _number(counts["kept"])),
    ]
    rows += [(f"kept, {split}", _number(number)) for split, number in sorted(facts.splits.items())]
    rows += [
        (f"dropped: {name.removeprefix('dropped:')}", _number(number))
        for name, number in sorted(counts.items())
        if name.startswith("dropped:")
    ]
    yield _table(("what", "number"), rows)
    filters = config.filters.model_dump(mode="json", exclude_none=True)
    yield _table(("filter", "setting"), list(filters.items()))


def _licences(facts: CardFacts) -> Iterator[str]:
    yield "## Licences"
    yield (
        "Those of the models and of the texts that went in. Where one is not stated, ask its owner before the pairs "
        "are used or passed on."
    )
    config = facts.config
    names = [name for name in [config.teacher.model, *(reward.model for reward in config.reward)] if name]
    rows = [(told.model(name), _licence(name)) for name in dict.fromkeys(names)]
    if facts.file is not None:
        rows.insert(0, (facts.file.name, NOT_STATED))
    yield _table(("model or file", "licence"), rows) if rows else NOT_STATED


def _licence_of(reward: RewardConfig | None) -> str:
    return "-" if reward is None or reward.model is None else _licence(reward.model)


def _licence(model: str) -> str:
    """As the operator states it, of a model by its name or of a tuned one by the id of its run."""
    stated = (settings().model(name).licence for name in (model, told.model(model)))
    return next(filter(None, stated), NOT_STATED)


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    """A value as text in a table: no character of it makes a column, a line or an element."""
    text = " ".join(str("-" if value is None else value).split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _number(value: int) -> str:
    return f"{value:,}"


def _real(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
