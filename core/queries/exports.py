"""Statements that read pairs out of the ledger page by page: memory does not grow with the dataset."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.queries import weights
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
    Pair.chain_id, Pair.chosen_answer, Pair.rejected_answer, weights.of_chain().label("weight"),
)  # fmt: skip

# What provenance is told from, beside ORIGIN and TEXTS.
TRACES = (
    Chain.draft, Chain.revision, Chain.draft_finish, Chain.critique_finish, Chain.revision_finish, Chain.draft_tokens,
    Chain.critique_tokens, Chain.revision_tokens, Chain.more, Chain.attempt, Chain.prompt_tokens, Chain.cached_tokens,
    Chain.paid_prompt_tokens, Chain.paid_tokens, Chain.hits, Chain.usd, Chain.seconds, Chain.cleaned_chars,
    Chain.created_at.label("ended_at"), Prompt.behavior_id, Prompt.wrapper, Prompt.distribution, Prompt.plain,
)  # fmt: skip


def page(
    session: Session, dataset_id: str, filter: PairFilter, *, after: str, traced: bool = False
) -> Sequence[AnyRow]:
    """Rows of ORIGIN and TEXTS behind the pair `after` ('' for the first page), oldest first; none at the end.

    `traced` adds TRACES.
    """
    statement = _rows(traced).where(Pair.id > after).order_by(Pair.id).limit(STREAM_ROWS)
    return session.execute(matching(statement, dataset_id, filter)).all()


def one(session: Session, pair_id: str) -> AnyRow:
    """The row of ORIGIN, TEXTS and TRACES of a pair that is there."""
    return session.execute(_rows(traced=True).where(Pair.id == pair_id)).one()


def scores_of(session: Session, chain_ids: Sequence[int]) -> Mapping[int, Sequence[AnyRow]]:
    """Every score of the answers of these chains, by chain: rows by scorer and answer."""
    statement = (
        select(
            Score.chain_id, Score.answer, Score.scorer, Score.fingerprint, Score.value, Score.missing, Score.raw,
            Score.created_at,
        )
        .where(Score.chain_id.in_(chain_ids))
        .order_by(Score.scorer, Score.answer)
    )  # fmt: skip
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.chain_id].append(row)
    return found


def _rows(traced: bool) -> Any:
    return (
        select(*ORIGIN, *TEXTS, *(TRACES if traced else ()))
        .join_from(Pair, Prompt, Prompt.id == Pair.prompt_id)
        .join(Chain, Chain.id == Pair.chain_id)
        .outerjoin(Behavior, Behavior.id == Prompt.behavior_id)
    )
