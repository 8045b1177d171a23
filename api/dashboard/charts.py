"""What the charts of a dataset draw."""

from typing import Any

from sqlalchemy.orm import Session

from api.dashboard.ticks import ticks
from core.queries import lengths, margins, score_bins

POINTS = 600  # pairs in the chart of score against length


def charts(session: Session, dataset_id: str, scorer: str | None) -> dict[str, Any]:
    """Histograms of one scorer's scores and of the pairs' margins, and answers with their length and score.

    Lists are empty while nothing is scored. There is one edge more than there are bins: pairs from bin i on are those
    with a margin of at least edges[i].
    """
    shown = _scores(session, dataset_id, scorer) if scorer is not None else None
    bounds = margins.bounds(session, dataset_id)
    edges = ticks(*bounds) if bounds else []
    counted = margins.counts(session, dataset_id, edges[:-1]) if edges else {"kept": [], "dropped": []}
    total = sum(counted["kept"]) + sum(counted["dropped"])
    return {
        "scores": shown or {"edges": [], "draft": [], "revision": []},
        "margins": {"edges": edges, **counted},
        "lengths": [list(row) for row in lengths.sample(session, dataset_id, total=total, most=POINTS)],
    }


def _scores(session: Session, dataset_id: str, scorer: str) -> dict[str, Any] | None:
    bounds = score_bins.bounds(session, dataset_id, scorer)
    if bounds is None:
        return None
    edges = ticks(*bounds)
    return {"edges": edges, **score_bins.counts(session, dataset_id, scorer, edges[:-1])}
