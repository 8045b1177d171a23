"""A sweep as the caller sees it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.page import Object
from api.schemas.run_summary import RunSummary
from api.summaries import best
from core.configs.run import RunConfig
from core.queries.sweeps import grid_of
from core.states import of_sweep
from core.tables import Run, Sweep


class SweepObject(Object):
    """What was asked (`config` under the values of `grid`), and how its runs came out."""

    object: Literal["sweep"] = "sweep"
    id: str = Field(examples=["sweep_01kfw3v8x2m4c9t7q0r5b6n1za"])
    status: str = Field(examples=["running"])
    config: RunConfig
    grid: dict[str, list[Any]]
    runs: list[str] = Field(description="ids in the order of the combinations; the last path's values change first")
    run_counts: dict[str, int] = Field(description="runs by status, and their `total`")
    summary: list[RunSummary] | None = Field(description="a line for each run, in the order asked for; null in lists")
    best: str | None = Field(description="the best run so far; null before there is one, and in lists")
    best_by: str | None = Field(description="tuned (the evaluation), or best_validation_accuracy where there is none")
    metadata: dict[str, str]
    created_at: datetime


def show_sweep(row: Sweep, runs: Sequence[Run], summary: list[RunSummary] | None = None) -> SweepObject:
    """A row and its runs as the caller sees them."""
    counted = Counter(run.state for run in runs)
    found = best(summary) if summary else None
    return SweepObject.model_validate(
        {
            "id": row.id,
            "status": of_sweep(counted),
            "config": row.config,
            "grid": grid_of(row),
            "runs": [run.id for run in runs],
            "run_counts": {**counted, "total": len(runs)},
            "summary": summary,
            "best": found[0] if found else None,
            "best_by": found[1] if found else None,
            "metadata": row.config["metadata"],
            "created_at": row.created_at,
        }
    )
