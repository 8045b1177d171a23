"""Runs as a table: in the order of one of its columns, the best first, and which run is the best."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy.orm import Session

from api.schemas.run_summary import RunSummary, show_summary
from core.queries import run_summaries
from core.tables import Run

Order = Literal[
    "place", "tuned", "difference", "validation_loss", "best_validation_loss", "validation_accuracy",
    "best_validation_accuracy", "margin", "tokens", "seconds",
]  # fmt: skip

Value = Callable[[RunSummary], float | None]


def _judged(part: Literal["tuned", "difference"]) -> Value:
    """A mean of the evaluation, so that less is better; of costs it is."""

    def value(row: RunSummary) -> float | None:
        if row.evaluation is None:
            return None
        mean = getattr(row.evaluation, part).mean
        return float(mean if row.evaluation.purpose == "cost" else -mean)

    return value


def _column(name: str, *, sign: int = 1) -> Value:
    def value(row: RunSummary) -> float | None:
        found = getattr(row, name)
        return None if found is None else float(sign * found)

    return value


LEAST_FIRST: Mapping[str, Value] = {
    "tuned": _judged("tuned"),
    "difference": _judged("difference"),
    "validation_loss": _column("validation_loss"),
    "best_validation_loss": _column("best_validation_loss"),
    "validation_accuracy": _column("validation_accuracy", sign=-1),
    "best_validation_accuracy": _column("best_validation_accuracy", sign=-1),
    "margin": _column("margin", sign=-1),
    "tokens": _column("tokens"),
    "seconds": _column("seconds"),
}
BEST_BY: tuple[Order, ...] = ("tuned", "best_validation_accuracy")  # losses of other methods or betas say nothing


def summaries(
    session: Session, runs: Sequence[Run], swept: Mapping[str, Mapping[str, Any]] | None = None
) -> list[RunSummary]:
    """The lines of runs, in their order; `swept` are the values of the grid by the run's id."""
    numbers = run_summaries.of_runs(session, [run.id for run in runs])
    return [show_summary(run, numbers[run.id], (swept or {}).get(run.id)) for run in runs]


def ordered(rows: Sequence[RunSummary], order: Order) -> list[RunSummary]:
    """The lines, the best by a column first; those without the number last, and equal ones as they were."""
    if order == "place":
        return list(rows)
    value = LEAST_FIRST[order]
    return sorted(rows, key=lambda row: (value(row) is None, value(row) or 0.0))


def best(rows: Sequence[RunSummary]) -> tuple[str, Order] | None:
    """The best run by what the tuned models' answers are worth, else by validation accuracy; and by which of them."""
    for column in BEST_BY:
        first = next(iter(ordered(rows, column)), None)
        if first is not None and LEAST_FIRST[column](first) is not None and len(rows) > 1:
            return first.id, column
    return None
