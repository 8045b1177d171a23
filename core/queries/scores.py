"""Statements about scores of chains."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import false, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from core.ledger import DRAFT, Claim
from core.queries import parents
from core.queries.rows import AnyRow
from core.states import Stage
from core.tables import Chain, Pair, Prompt, Score, Scorer, Shard

Owner = tuple[int | None, int | None]  # chain, evaluation answer: one of the two


def waiting(session: Session, claim: Claim) -> list[AnyRow]:
    """(chain_id, position, messages, expect, guard, behavior_id, draft, revision, revision_finish, more, wants_draft,
    wants_revision) of chains that lack scores of the claim's scorer. The messages are those that are trained on.

    Under a claim of role `draft` those of drafts, whether their chains have ended or still go on. Under any other
    claim those of chains that have ended; a draft that such a shard is about to score is left to it.
    """
    early = claim.role == DRAFT
    wants_draft = _lacks(Score.answer == "draft", claim)
    wants_revision = false() if early else _lacks(Score.answer != "draft", claim)  # candidates are scored in one go
    if not early:
        wants_draft &= ~_scored_early(claim)
    statement = (
        select(
            Chain.id.label("chain_id"), Prompt.index.label("position"),
            func.coalesce(Chain.context, Prompt.messages).label("messages"), Prompt.expect, Prompt.guard,
            Prompt.behavior_id, Chain.draft, Chain.revision, Chain.revision_finish, Chain.more,
            wants_draft.label("wants_draft"), wants_revision.label("wants_revision"),
        )
        .join(Prompt, Prompt.id == Chain.prompt_id)
        .where(
            Prompt.dataset_id == claim.dataset_id,
            Prompt.index.between(claim.first, claim.last),
            Chain.state.in_(("open", "done") if early else ("done",)),
            or_(wants_draft, wants_revision),
        )
        .order_by(Prompt.index, Chain.sample)
    )  # fmt: skip
    return list(session.execute(statement))


def _lacks(answer: Any, claim: Claim) -> Any:
    of_scorer = (Score.chain_id == Chain.id) & answer & (Score.scorer == claim.model)
    return ~select(Score.id).where(of_scorer).exists()


def _scored_early(claim: Claim) -> Any:
    """Whether an open shard of role `draft` covers the prompt."""
    covering = (
        parents.of_dataset(claim.dataset_id)
        & (Shard.stage == str(Stage.score))
        & (Shard.role == DRAFT)
        & (Shard.model == claim.model)
        & Shard.state.in_(parents.OPEN)
        & Prompt.index.between(Shard.first, Shard.last)
    )
    return select(Shard.id).where(covering).exists()


def store(session: Session, rows: Sequence[dict[str, Any]]) -> set[Owner]:
    """Insert scores that are not there yet; returns whose they are."""
    if not rows:
        return set()
    statement = insert(Score).on_conflict_do_nothing().returning(Score.chain_id, Score.evaluation_answer_id)
    return {(row[0], row[1]) for row in session.execute(statement, list(rows))}


def of_chain(session: Session, chain_id: int) -> list[Score]:
    """Every score of a chain's answers, by scorer and answer."""
    statement = select(Score).where(Score.chain_id == chain_id).order_by(Score.scorer, Score.answer)
    return list(session.scalars(statement))


def _first(dataset_id: str) -> Any:
    """The scorer whose scores stand on the pairs."""
    declared = select(Scorer.name).where(Scorer.dataset_id == dataset_id, Scorer.position == 0).scalar_subquery()
    on_a_pair = select(Pair.scorer).where(Pair.dataset_id == dataset_id).limit(1).scalar_subquery()
    return func.coalesce(declared, on_a_pair)


def histogram(session: Session, dataset_id: str, *, scorer: str | None = None, bins: int = 40) -> dict[str, Any]:
    """Counts of draft scores, revision scores and margins (revision minus draft) of a dataset's scored chains.

    By one scorer: the first one where none is named.
    Returns `{"scores": {"edges", "draft", "revision"}, "margins": {"edges", "counts"}}`; empty lists without scores.
    """
    draft, revision = aliased(Score), aliased(Score)
    pairs = (
        select(draft.value.label("draft"), revision.value.label("revision"))
        .join(revision, (revision.chain_id == draft.chain_id) & (revision.scorer == draft.scorer))
        .join(Chain, Chain.id == draft.chain_id)
        .where(
            Chain.dataset_id == dataset_id, draft.answer == "draft", revision.answer == "revision",
            draft.scorer == (scorer or _first(dataset_id)),
            draft.value.is_not(None), revision.value.is_not(None),
        )
        .cte("scored")
    )  # fmt: skip
    margin = (pairs.c.revision - pairs.c.draft).label("margin")
    low = func.least(func.min(pairs.c.draft), func.min(pairs.c.revision))
    high = func.greatest(func.max(pairs.c.draft), func.max(pairs.c.revision))
    bounds = session.execute(select(low, high, func.min(margin), func.max(margin))).one()
    if bounds[0] is None:
        return {"scores": {"edges": [], "draft": [], "revision": []}, "margins": {"edges": [], "counts": []}}

    def counted(value: Any, least: float, most: float) -> list[int]:
        top = most if most > least else least + 1.0
        bucket = func.least(func.width_bucket(value, least, top, bins), bins)
        found = {row[0]: row[1] for row in session.execute(select(bucket, func.count()).group_by(bucket))}
        return [int(found.get(i, 0)) for i in range(1, bins + 1)]

    def edges(least: float, most: float) -> list[float]:
        width = ((most if most > least else least + 1.0) - least) / bins
        return [least + i * width for i in range(bins + 1)]

    score_low, score_high, margin_low, margin_high = (float(b) for b in bounds)
    return {
        "scores": {
            "edges": edges(score_low, score_high),
            "draft": counted(pairs.c.draft, score_low, score_high),
            "revision": counted(pairs.c.revision, score_low, score_high),
        },
        "margins": {"edges": edges(margin_low, margin_high), "counts": counted(margin, margin_low, margin_high)},
    }
