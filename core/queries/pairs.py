"""Statements about pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ARRAY, Text, any_, cast, func, select, true
from sqlalchemy.orm import Session, aliased, with_expression

from core.errors import NotFound
from core.ledger import Claim
from core.queries import prompts, score_columns
from core.queries.rows import AnyRow
from core.tables import Behavior, Chain, Dataset, Pair, Prompt, Score, Scorer

STREAM_ROWS = 500
FEW = 2_000  # pairs that are named one by one
REPEATS = ("identical", "duplicates", "near_duplicates")  # reasons of pairs that say nothing new


@dataclass(frozen=True)
class PairFilter:
    """Which pairs of a dataset to list; None means any."""

    split: str | None = None
    verdict: str | None = None
    min_margin: float | None = None
    reason: str | None = None
    reviewed: bool | None = None


@dataclass(frozen=True)
class Beside:
    """The ids of the pairs next to one in a list, None at its ends."""

    newer: str | None
    older: str | None


def waiting(session: Session, claim: Claim) -> list[AnyRow]:
    """Chains of the claim's range without a pair, with both values of the claim's scorer (None when missing).

    Messages are those before a template was laid over them.
    `scored` holds [scorer, answer] for each value, and [scorer, None] of scorers that gave none.
    `candidate_scores` maps `revision.1` and so on to their values, None for a chain without further candidates.
    """
    draft, revision = aliased(Score), aliased(Score)
    statement = (
        select(
            Chain.id.label("chain_id"), Prompt.id.label("prompt_id"), Prompt.index.label("position"), Prompt.split,
            Chain.draft, Chain.revision, Chain.draft_finish, Chain.revision_finish,
            Chain.more, Chain.critique, prompts.bare().label("messages"), Prompt.guard,
            draft.value.label("score_draft"), revision.value.label("score_revision"),
            _candidates(claim).label("candidate_scores"), _scored().label("scored"),
        )
        .join(Prompt, Prompt.id == Chain.prompt_id)
        .outerjoin(draft, (draft.chain_id == Chain.id) & (draft.answer == "draft") & (draft.scorer == claim.model))
        .outerjoin(
            revision,
            (revision.chain_id == Chain.id) & (revision.answer == "revision") & (revision.scorer == claim.model),
        )
        .outerjoin(Pair, Pair.chain_id == Chain.id)
        .where(
            Prompt.dataset_id == claim.dataset_id,
            Prompt.index.between(claim.first, claim.last),
            Chain.state == "done",
            Pair.id.is_(None),
        )
        .order_by(Prompt.index, Chain.sample)
    )  # fmt: skip
    return list(session.execute(statement))


def _scored() -> Any:
    given = (Score.scorer == Scorer.name) & (Score.chain_id == Chain.id) & Score.value.is_not(None)
    return (
        select(func.jsonb_agg(func.jsonb_build_array(Scorer.name, Score.answer)))
        .select_from(Scorer)
        .outerjoin(Score, given)
        .where(Scorer.dataset_id == Chain.dataset_id)
        .correlate(Chain)
        .scalar_subquery()
    )


def _candidates(claim: Claim) -> Any:
    return (
        select(func.jsonb_object_agg(Score.answer, Score.value))
        .where(Score.chain_id == Chain.id, Score.scorer == claim.model, Score.answer.like("revision.%"))
        .scalar_subquery()
    )


def _shown() -> Any:
    return (
        select(Pair, Prompt, Chain, Behavior.name.label("behavior"))
        .join(Prompt, Prompt.id == Pair.prompt_id)
        .join(Chain, Chain.id == Pair.chain_id)
        .outerjoin(Behavior, Behavior.id == Prompt.behavior_id)
        .options(with_expression(Pair.told, score_columns.told()))
    )


def matching(statement: Any, dataset_id: str, filter: PairFilter) -> Any:
    """A statement about pairs, narrowed to those of the dataset that the filter lets through."""
    statement = statement.where(Pair.dataset_id == dataset_id)
    if filter.split is not None:
        statement = statement.where(Pair.split == filter.split)
    if filter.verdict is not None:
        statement = statement.where(Pair.verdict == filter.verdict)
    if filter.min_margin is not None:
        statement = statement.where(Pair.score_chosen - Pair.score_rejected >= filter.min_margin)
    if filter.reason is not None:
        statement = statement.where(Pair.reason == filter.reason)
    if filter.reviewed is not None:
        statement = statement.where(Pair.review.is_not(None) if filter.reviewed else Pair.review.is_(None))
    return statement


def page(
    session: Session, dataset_id: str, filter: PairFilter, *, after: str | None = None, limit: int = 20
) -> list[AnyRow]:
    """(Pair, Prompt, Chain, behavior) rows, newest first, older than the pair `after`."""
    ids = _newest(session, dataset_id, filter, after=after, limit=limit)
    found = of_ids(session, ids)
    return [found[id] for id in ids if id in found]


def _newest(session: Session, dataset_id: str, filter: PairFilter, *, after: str | None, limit: int) -> list[str]:
    """The ids of a page: an index tells them, and rows are read of those alone."""
    few = _few(session, dataset_id, filter)
    found: list[str] = []
    for part in _parts(filter):
        mine = matching(select(Pair.id), dataset_id, part).where(few).order_by(Pair.id.desc()).limit(limit)
        found += session.scalars(mine if after is None else mine.where(Pair.id < after))
    return sorted(found, reverse=True)[:limit]


def beside(session: Session, dataset_id: str, filter: PairFilter, id: str) -> Beside:
    """What comes before and behind a pair in `page`, whether or not the filter lists the pair itself."""
    few = _few(session, dataset_id, filter)
    listed = [matching(select(Pair.id), dataset_id, part).where(few) for part in _parts(filter)]
    newer = [session.scalar(part.where(Pair.id > id).order_by(Pair.id).limit(1)) for part in listed]
    older = [session.scalar(part.where(Pair.id < id).order_by(Pair.id.desc()).limit(1)) for part in listed]
    return Beside(
        min((found for found in newer if found is not None), default=None),
        max((found for found in older if found is not None), default=None),
    )


def _parts(filter: PairFilter) -> list[PairFilter]:
    """Filters that list the same together, each by an index in the order of a page: a split has one by verdict."""
    if filter.split is None or filter.verdict is not None:
        return [filter]
    return [replace(filter, verdict=verdict) for verdict in ("kept", "dropped")]


def _few(session: Session, dataset_id: str, filter: PairFilter) -> Any:
    """A condition that names the pairs whose margin is large enough, where they are few; else none.

    A page of the few that there are among a million would be looked for among all of them, in their order; of many, the
    next ones are near.
    """
    if filter.min_margin is None:
        return true()
    margin = Pair.score_chosen - Pair.score_rejected
    large = select(Pair.id).where(Pair.dataset_id == dataset_id, margin >= filter.min_margin)
    ids = list(session.scalars(large.order_by(margin.desc()).limit(FEW + 1)))
    return true() if len(ids) > FEW else Pair.id == any_(cast(ids, ARRAY(Text)))


def number(session: Session, dataset_id: str, filter: PairFilter, *, most: int) -> int:
    """How many pairs the filter lists, counted up to `most`."""
    some = matching(select(Pair.id), dataset_id, filter).limit(most).subquery()
    return int(session.scalar(select(func.count()).select_from(some)) or 0)


def get(session: Session, project_id: str, id: str) -> AnyRow:
    """The (Pair, Prompt, Chain, behavior) row of one pair. Raises NotFound."""
    statement = _shown().join(Dataset, Dataset.id == Pair.dataset_id)
    found = session.execute(statement.where(Pair.id == id, Dataset.project_id == project_id)).one_or_none()
    if found is None:
        raise NotFound("pair", id)
    return found


def of_ids(session: Session, ids: Sequence[str]) -> dict[str, AnyRow]:
    """The (Pair, Prompt, Chain, behavior) rows of pairs by their ids."""
    return {row.Pair.id: row for row in session.execute(_shown().where(Pair.id.in_(ids)))}


def unreviewed(session: Session, dataset_id: str, *, after: str, limit: int) -> list[AnyRow]:
    """What filters look at, of pairs that no person has decided about, by id behind `after`.

    `scored` is as in `waiting`.
    """
    statement = (
        select(
            Pair.id, Pair.chosen, Pair.rejected, Pair.score_chosen, Pair.score_rejected, Pair.reason, Pair.duplicate_of,
             Chain.critique, Chain.more, Chain.revision_finish, Chain.draft_finish, prompts.bare().label("messages"),
             Pair.chosen_answer, Pair.rejected_answer, _scored().label("scored"),
        )
        .join(Prompt, Prompt.id == Pair.prompt_id)
        .join(Chain, Chain.id == Pair.chain_id)
        .where(Pair.dataset_id == dataset_id, Pair.id > after, Pair.review.is_(None))
        .order_by(Pair.id)
        .limit(limit)
    )  # fmt: skip
    return list(session.execute(statement))


def counts(session: Session, dataset_id: str) -> dict[str, int]:
    """Pairs by verdict or reason: `{"kept": n, "dropped": n, "dropped:<reason>": n, "scored": n}`.

    Reads every pair. `datasets.pair_counts` tells what was counted when they were written.
    """
    statement = (
        select(Pair.verdict, Pair.reason, func.count(), func.count(Pair.score_chosen + Pair.score_rejected))
        .where(Pair.dataset_id == dataset_id)
        .group_by(Pair.verdict, Pair.reason)
    )
    found = {"kept": 0, "dropped": 0, "scored": 0}
    for verdict, reason, number, scored in session.execute(statement):
        found[verdict] += number
        found["scored"] += scored
        if reason is not None:
            found[f"dropped:{reason}"] = number
    return found


def distinct(counts: Mapping[str, int]) -> int:
    """Of `counts`: pairs that differ in themselves and repeat no earlier pair, as far as the filters look for it."""
    return counts["kept"] + counts["dropped"] - sum(counts.get(f"dropped:{reason}", 0) for reason in REPEATS)
