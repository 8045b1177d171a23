"""Pairs of the ledger as they stand in files."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core.database import transaction
from core.formats.pair import FilePair, ScoredBy
from core.queries import exports
from core.queries.pairs import PairFilter
from core.queries.rows import AnyRow

GIVEN = "given"  # where it is the first scorer, its scores stand on the pair itself
Scores = Mapping[tuple[int, str], Mapping[str, Any]]
NAMES = tuple(column.name for column in exports.ORIGIN)


def file_pairs(dataset_id: str, filter: PairFilter) -> Iterator[FilePair]:
    """The pairs of a dataset, oldest first. The prompt of each is what is trained on: its context, if it has one.

    Each page is a transaction of its own: a slow reader holds no connection. Raises Unavailable.
    """
    number, after = 0, ""
    while True:
        with transaction() as session:
            rows = exports.page(session, dataset_id, filter, after=after)
            scores = exports.scores_of(session, [row.chain_id for row in rows])
        if not rows:
            return
        for row in rows:
            number += 1
            yield _pair(row, scores, number)
        after = rows[-1].id


def _pair(row: AnyRow, scores: Scores, line: int) -> FilePair:
    origin: dict[str, Any] = {name: getattr(row, name) for name in NAMES}
    origin["created_at"] = _told(row.created_at)
    both = row.score_chosen is not None and row.score_rejected is not None
    origin["margin"] = row.score_chosen - row.score_rejected if both else None
    if row.context is not None and row.context != row.messages:
        origin["original_prompt"] = row.messages
    return FilePair(
        line=line,
        messages=row.context or row.messages,
        chosen=row.chosen,
        rejected=row.rejected,
        score_chosen=row.score_chosen,
        score_rejected=row.score_rejected,
        scores=_scores(row, scores),
        origin=origin,
    )


def _scores(row: AnyRow, scores: Scores) -> dict[str, ScoredBy]:
    """By scorer; an answer that a person has edited was scored by nobody."""
    chosen = scores.get((row.chain_id, row.chosen_answer), {})
    rejected = scores.get((row.chain_id, row.rejected_answer), {})
    names = dict.fromkeys([*chosen, *rejected])
    return {
        name: ScoredBy(chosen.get(name), rejected.get(name))
        for name in names
        if not (name == GIVEN and row.scorer == GIVEN)
    }


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
