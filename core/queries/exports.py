"""Statements that read pairs out of the ledger page by page: memory does not grow with the dataset."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.queries.pairs import STREAM_ROWS, PairFilter, matching
from core.queries.rows import AnyRow
from core.tables import Behavior, Chain, Pair, Prompt, Score

# What belongs to a pair beside its texts and scores, under the names that GET /datasets/{id}/pairs has for it.
ORIGIN = (
    Pair.id.label("id"), Pair.dataset_id.label("dataset"), Behavior.name.label("behavior"),
    Prompt.index.label("prompt_index"), Chain.sample.label("sample"), Pair.split.label("split"),
    Chain.critique.label("critique"), Pair.scorer.label("scorer"), Pair.verdict.label("verdict"),
    Pair.reason.label("reason"), Pair.review.label("review"), Pair.duplicate_of.label("duplicate_of"),
    Pair.similarity.label("similarity"), Prompt.guard.label("guard"), Prompt.tags.label("tags"),
    Prompt.expect.label("expect"), Chain.engine.label("engine"), Chain.model_fingerprint.label("model_fingerprint"),
    Chain.template_hash.label("template_hash"), Chain.seed.label("seed"), Pair.created_at.label("created_at"),
)  # fmt: skip
TEXTS = (
    Prompt.messages, Chain.context, Pair.chosen, Pair.rejected, Pair.score_chosen, Pair.score_rejected,
    Pair.chain_id, Pair.chosen_answer, Pair.rejected_answer,
)  # fmt: skip


def page(session: Session, dataset_id: str, filter: PairFilter, *, after: str) -> Sequence[AnyRow]:
    """Rows of ORIGIN and TEXTS behind the pair `after` ('' for the first page), oldest first; none at the end."""
    statement = (
        select(*ORIGIN, *TEXTS)
        .join_from(Pair, Prompt, Prompt.id == Pair.prompt_id)
        .join(Chain, Chain.id == Pair.chain_id)
        .outerjoin(Behavior, Behavior.id == Prompt.behavior_id)
        .where(Pair.id > after)
        .order_by(Pair.id)
        .limit(STREAM_ROWS)
    )
    return session.execute(matching(statement, dataset_id, filter)).all()


def scores_of(session: Session, chain_ids: Sequence[int]) -> dict[tuple[int, str], dict[str, Any]]:
    """What each scorer gave to each answer of these chains: {(chain_id, answer): {scorer: value}}."""
    statement = (
        select(Score.chain_id, Score.answer, Score.scorer, Score.value)
        .where(Score.chain_id.in_(chain_ids))
        .order_by(Score.id)
    )
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for chain_id, answer, scorer, value in session.execute(statement):
        found.setdefault((int(chain_id or 0), answer or ""), {})[scorer] = value
    return found
