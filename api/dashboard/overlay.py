"""Curves of several runs in one chart, and the colour by which a run is known on its page."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from core.queries import run_metrics
from core.tables import Run, RunMetric

SHOWN = ("loss", "accuracy", "margin")
MOST = 200  # points of one run's curve
COLOURS = 8  # in tokens.css; further runs have the same ones with other dashes


def curves(session: Session, runs: Sequence[Run]) -> dict[str, Any]:
    """`{"kind", "runs": [{"id", "mark", "steps", "loss", "accuracy", "margin"}]}`, in the order of the runs.

    Those of the validations; of the training where no run has been validated.
    """
    ids = [run.id for run in runs]
    kind, rows = "validation", run_metrics.thinned(session, ids, "validation", most=MOST)
    if not rows:
        kind, rows = "train", run_metrics.thinned(session, ids, "train", most=MOST)
    by_run: dict[str, list[RunMetric]] = defaultdict(list)
    for row in rows:
        by_run[row.run_id].append(row)
    return {"kind": kind, "runs": [_curve(id, place, by_run[id]) for place, id in enumerate(ids)]}


def _curve(id: str, place: int, rows: Sequence[RunMetric]) -> dict[str, Any]:
    series = {name: [row.values.get(name) for row in rows] for name in SHOWN}
    return {"id": id, "mark": place, "steps": [row.step for row in rows], **series}
