"""Statements about the margins of pairs: the chosen answer's score minus the rejected one's."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Double, cast, func, select
from sqlalchemy.orm import Session

from core.tables import Pair


def bounds(session: Session, dataset_id: str) -> tuple[float, float] | None:
    """The least and the greatest margin of a dataset's pairs; None while no pair has both scores."""
    margin = Pair.score_chosen - Pair.score_rejected
    least, most = session.execute(select(func.min(margin), func.max(margin)).where(Pair.dataset_id == dataset_id)).one()
    return None if least is None or most is None else (float(least), float(most))


def counts(session: Session, dataset_id: str, edges: Sequence[float]) -> dict[str, list[int]]:
    """Pairs between edges by verdict, `{"kept": [n], "dropped": [n]}`: bin i holds edges[i] <= margin < edges[i + 1].

    The last bin has no upper end, so the sum from bin i on is exactly what a least margin of edges[i] lets through.
    """
    margin = Pair.score_chosen - Pair.score_rejected
    place: Any = func.width_bucket(margin, cast(list(edges), ARRAY(Double)))
    statement = (
        select(Pair.verdict, place, func.count())
        .where(Pair.dataset_id == dataset_id, margin.is_not(None))
        .group_by(Pair.verdict, place)
    )
    found = {(verdict, at): int(number) for verdict, at, number in session.execute(statement)}
    numbers = range(1, len(edges) + 1)
    return {verdict: [found.get((verdict, at), 0) for at in numbers] for verdict in ("kept", "dropped")}
