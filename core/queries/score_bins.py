"""Statements about the scores of drafts and revisions, between edges."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Double, cast, func, select
from sqlalchemy.orm import Session

from core.tables import Chain, Score

ANSWERS = ("draft", "revision")


def bounds(session: Session, dataset_id: str, scorer: str) -> tuple[float, float] | None:
    """The least and the greatest score of a dataset's drafts and revisions; None without one."""
    least, most = session.execute(_of(select(func.min(Score.value), func.max(Score.value)), dataset_id, scorer)).one()
    return None if least is None or most is None else (float(least), float(most))


def counts(session: Session, dataset_id: str, scorer: str, edges: Sequence[float]) -> dict[str, list[int]]:
    """`{"draft": [n], "revision": [n]}`: bin i holds edges[i] <= score < edges[i + 1], the last one is open."""
    place: Any = func.width_bucket(Score.value, cast(list(edges), ARRAY(Double)))
    statement = _of(select(Score.answer, place, func.count()), dataset_id, scorer).group_by(Score.answer, place)
    found = {(answer, at): int(number) for answer, at, number in session.execute(statement)}
    return {answer: [found.get((answer, at), 0) for at in range(1, len(edges) + 1)] for answer in ANSWERS}


def _of(statement: Any, dataset_id: str, scorer: str) -> Any:
    mine = (Chain.dataset_id == dataset_id) & (Score.scorer == scorer)
    scored = Score.answer.in_(ANSWERS) & Score.value.is_not(None)
    return statement.select_from(Score).join(Chain, Chain.id == Score.chain_id).where(mine, scored)
