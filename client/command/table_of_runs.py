"""Runs beside each other, as the commands of sweeps and runs print them."""

from collections.abc import Mapping, Sequence
from typing import Any

from client.command.output import cell, seconds, table
from client.run_tables import RunSummary

COLUMNS = ("id", "status", "loss", "accuracy", "margin", "before", "after", "95% interval", "time")


def print_runs(title: str, rows: Sequence[RunSummary], best: str | None) -> None:
    """A line for each run; a star stands at the best one. Swept values have columns of their own."""
    paths = list(rows[0].swept or {}) if rows else []
    named = [path.rpartition(".")[2] for path in paths]
    found = [
        ("*" if row.id == best else "", *(value((row.swept or {}).get(path)) for path in paths), *_numbers(row))
        for row in rows
    ]
    table(title, ("", *named, *COLUMNS), found)


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
    return (
        row.id, row.status, row.validation_loss, row.validation_accuracy, row.margin, before, after, interval, time,
    )  # fmt: skip
