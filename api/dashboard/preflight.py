"""Dry runs on the page of a run: asked for with its config, shown, and followed by the training they looked at."""

from typing import Any

from sqlalchemy.orm import Session

from api.checks.run import check_run
from api.dashboard.words import count, duration, size
from api.schemas.preflight import LeftOutObject, MismatchesObject, PreflightObject
from core.configs.run import RunConfig
from core.queries import runs
from core.tables import Run

Rows = list[tuple[str, str]]
NAMED = 3  # ids in a line


def look(session: Session, project_id: str, id: str) -> Run:
    """A dry run of a run's config. Raises NotFound, BadInput (and its kinds) or Conflict."""
    return _again(session, project_id, id, dry_run=True)


def train(session: Session, project_id: str, id: str) -> Run:
    """A training of a dry run's config. Raises the same."""
    return _again(session, project_id, id, dry_run=False)


def _again(session: Session, project_id: str, id: str, *, dry_run: bool) -> Run:
    asked = RunConfig.model_validate(runs.get(session, project_id, id).config)
    checked = check_run(session, project_id, asked.model_copy(update={"dry_run": dry_run}))
    return runs.create(session, project_id=project_id, config=checked.config, dataset=checked.dataset)


def body(config: RunConfig) -> dict[str, Any]:
    """What POST /runs is asked for the same, but for a dry run's field."""
    return config.model_dump(mode="json", exclude_defaults=True, exclude={"dry_run"}) | {"dataset": config.dataset}


def facts(found: PreflightObject) -> dict[str, Rows]:
    """The report in three tables: pairs, time, memory."""
    return {"Pairs": _pairs(found), "Steps and time": _time(found), "Memory of a process": _memory(found)}


def _pairs(found: PreflightObject) -> Rows:
    lengths = found.max_length
    offered = [(split, found.pairs.get(split, 0), found.pairs.get(f"{split}_offered", 0)) for split in found.tokens]
    return [
        *((split.capitalize(), f"{count(kept)} of {count(all)}") for split, kept, all in offered),
        *((f"Left out: {reason.replace('_', ' ')}", _ids(entry)) for reason, entry in found.left_out.items()),
        ("Boundary mismatches", _ids(found.boundary_mismatches)),
        ("max_length", f"{lengths['asked']}; 95% need {lengths['for_p95']}, all {lengths['for_all']}"),
    ]


def _ids(entry: LeftOutObject | MismatchesObject) -> str:
    number = entry.pairs if isinstance(entry, LeftOutObject) else entry.answers
    return ", ".join([count(number), *(str(example["id"]) for example in entry.examples[:NAMED])])


def _time(found: PreflightObject) -> Rows:
    took, training = found.seconds, found.seconds.training
    spans = [training.expected, training.low, training.high] if training else []
    expected, low, high = map(duration, spans) if spans else ("-", "-", "-")
    return [
        ("Steps", count(found.steps["total"])),
        ("Tokens in a step", count(round(found.steps["tokens_per_step"]))),
        ("Training", f"{expected} ({low} to {high})"),
        ("Before it", duration(took.prepare + took.reference)),
        ("Validation", duration(took.validation)),
        ("Loss of every pair", duration(took.pair_losses)),
    ]


def _memory(found: PreflightObject) -> Rows:
    memory = found.memory
    parts = [(name.capitalize(), size(number)) for name, number in memory.estimated.model_dump().items()]
    peak = "did not fit" if memory.measured_peak is None else size(memory.measured_peak)
    return [*parts, ("Measured peak", peak), ("Free", size(memory.room))]
