"""What the charts of a dataset draw."""

from typing import Any

from sqlalchemy.orm import Session

from api.dashboard.ticks import ticks
from core.queries import lengths, margins, scores

POINTS = 600  # pairs in the chart of score against length


def charts(session: Session, dataset_id: str, scorer: str | None) -> dict[str, Any]:
    """Histograms of one scorer's scores and of the pairs' margins, and answers with their length and score.

    Lists are empty while nothing is scored.
    `margins` has one edge more than bins: pairs from bin i on are those with a margin of at least edges[i].
    """
    bounds = margins.bounds(session, dataset_id)
    edges = ticks(*bounds) if bounds else []
    counted = margins.counts(session, dataset_id, edges[:-1]) if edges else {"kept": [], "dropped": []}
    return {
        "scores": scores.histogram(session, dataset_id, scorer=scorer)["scores"],
        "margins": {"edges": edges, **counted},
        "lengths": [list(row) for row in lengths.sample(session, dataset_id, most=POINTS)],
    }
