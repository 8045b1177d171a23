"""Runs beside each other, as the commands of sweeps and runs print them."""

from collections.abc import Mapping, Sequence
from typing import Any

from client.command.output import cell, seconds, table
from client.run_tables import RunSummary

COLUMNS = ("loss", "accuracy", "margin", "before", "after", "95% interval", "tokens", "time")


def print_swept(rows: Sequence[RunSummary]) -> None:
    """A line for each run of a sweep: its id, where it stands, the values of the grid."""
    paths = list(rows[0].swept or {}) if rows else []
    named = (path.rpartition(".")[2] for path in paths)
    found = ((row.id, row.status, *(value((row.swept or {}).get(path)) for path in paths)) for row in rows)
    table("Runs", ("", "id", "status", *named), ((name_of(place), *line) for place, line in enumerate(found)))


def print_numbers(rows: Sequence[RunSummary], best: str | None) -> None:
    """A line for each run; a star stands at the best one."""
    found = ((name_of(place) + " *" * (row.id == best), *_numbers(row)) for place, row in enumerate(rows))
    table("Numbers", ("", *COLUMNS), found)


def name_of(place: int) -> str:
    """A run by its place in the tables."""
    return f"run {place + 1}"


def value(found: Any) -> str:
    """A value of a config in one line; a method by its name and what was said about it."""
    if isinstance(found, float):
        return f"{found:g}"
    if isinstance(found, Mapping) and "type" in found:
        said = found.get(str(found["type"])) or {}
        return " ".join([str(found["type"]), *(f"{name} {value(one)}" for name, one in said.items())])
    return cell(found)


def _numbers(row: RunSummary) -> tuple[Any, ...]:
    judged = row.evaluation
    before, after = (judged[role]["mean"] if judged else None for role in ("base", "tuned"))
    interval = f"{judged['tuned']['low']:.2f} to {judged['tuned']['high']:.2f}" if judged else None
    time = None if row.seconds is None else seconds(row.seconds)
    return (row.validation_loss, row.validation_accuracy, row.margin, before, after, interval, row.tokens, time)
