"""Statements about scores of chains."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from core.ledger import Claim
from core.queries.rows import AnyRow
from core.tables import Chain, Prompt, Score


def waiting(session: Session, claim: Claim) -> list[AnyRow]:
    """(chain_id, position, messages, expect, guard, draft, revision, more) of chains without the claim's scores."""
    scored = (
        select(Score.id)
        .where(Score.chain_id == Chain.id, Score.answer == "revision", Score.scorer == claim.model)
        .exists()
    )
    statement = (
        select(
            Chain.id.label("chain_id"), Prompt.index.label("position"), Prompt.messages, Prompt.expect, Prompt.guard,
            Chain.draft, Chain.revision, Chain.more,
        )
        .join(Prompt, Prompt.id == Chain.prompt_id)
        .where(
            Prompt.dataset_id == claim.dataset_id,
            Prompt.index.between(claim.first, claim.last),
            Chain.state == "done",
            ~scored,
        )
        .order_by(Prompt.index, Chain.sample)
    )  # fmt: skip
    return list(session.execute(statement))


def store(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Insert scores that are not there yet; returns how many were new."""
    if not rows:
        return 0
    statement = insert(Score).on_conflict_do_nothing().returning(Score.id)
    return len(session.execute(statement, list(rows)).all())


def of_chain(session: Session, chain_id: int) -> list[Score]:
    """Every score of a chain's answers, by scorer and answer."""
    statement = select(Score).where(Score.chain_id == chain_id).order_by(Score.scorer, Score.answer)
    return list(session.scalars(statement))


def histogram(session: Session, dataset_id: str, *, scorer: str, bins: int = 40) -> dict[str, Any]:
    """Counts of draft scores, revision scores and margins (revision minus draft) that one scorer gave to the chains.

    Returns `{"scores": {"edges", "draft", "revision"}, "margins": {"edges", "counts"}}`; empty lists without scores.
    """
    draft, revision = aliased(Score), aliased(Score)
    pairs = (
        select(draft.value.label("draft"), revision.value.label("revision"))
        .join(revision, (revision.chain_id == draft.chain_id) & (revision.scorer == draft.scorer))
        .join(Chain, Chain.id == draft.chain_id)
        .where(
            Chain.dataset_id == dataset_id, draft.scorer == scorer, draft.answer == "draft",
            revision.answer == "revision",
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
