"""Pairs of the ledger as they stand in files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.database import transaction
from core.formats.pair import FilePair, ScoredBy
from core.provenance import ground, moment, trace
from core.queries import exports
from core.queries.pairs import PairFilter
from core.queries.rows import AnyRow

GIVEN = "given"  # where it is the first scorer, its scores stand on the pair itself
WHOLE = "jsonl"  # the only format that has a place for where a pair comes from
NAMES = tuple(column.name for column in exports.ORIGIN)


def file_pairs(dataset_id: str, filter: PairFilter, format: str) -> Iterator[FilePair]:
    """The pairs of a dataset, oldest first. The prompt of each is what is trained on: its context, if it has one.

    Each has its weight, and for `jsonl` the rest of its origin with the whole provenance. Each page is a transaction of
    its own: a slow reader holds no connection. Raises Unavailable.
    """
    with transaction() as session:
        common = ground(session, dataset_id) if format == WHOLE else None
    number, after = 0, ""
    while True:
        with transaction() as session:
            rows = exports.page(session, dataset_id, filter, after=after, traced=common is not None)
            scores = exports.scores_of(session, [row.chain_id for row in rows])
        if not rows:
            return
        for row in rows:
            number += 1
            given = scores.get(row.chain_id, ())
            origin: dict[str, Any] = {"weight": row.weight}
            if common is not None:
                origin |= _origin(row) | {"provenance": trace(row, given, common)}
            yield _pair(row, given, origin, line=number)
        after = rows[-1].id


def _pair(row: AnyRow, scores: Sequence[AnyRow], origin: Mapping[str, Any], *, line: int) -> FilePair:
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


def _origin(row: AnyRow) -> dict[str, Any]:
    origin: dict[str, Any] = {name: getattr(row, name) for name in NAMES}
    origin["created_at"] = moment(row.created_at)
    both = row.score_chosen is not None and row.score_rejected is not None
    origin["margin"] = row.score_chosen - row.score_rejected if both else None
    if row.context is not None and row.context != row.messages:
        origin["original_prompt"] = row.messages
    return origin


def _scores(row: AnyRow, scores: Sequence[AnyRow]) -> dict[str, ScoredBy]:
    """By scorer; an answer that a person has edited was scored by nobody."""
    given = {(score.answer, score.scorer): score.value for score in scores}
    sides = (row.chosen_answer, row.rejected_answer)
    names = dict.fromkeys(score.scorer for score in scores if score.answer in sides)
    return {
        name: ScoredBy(given.get((row.chosen_answer, name)), given.get((row.rejected_answer, name)))
        for name in names
        if not (name == GIVEN and row.scorer == GIVEN)
    }
