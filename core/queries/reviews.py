"""Statements about reviews: what people decided about pairs."""

from collections import Counter
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.configs.review import ReviewConfig
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.queries import datasets, verdicts
from core.tables import ApiKey, Dataset, Pair, ReferenceLogProb, Review

COLUMNS = (
    "chosen", "rejected", "score_chosen", "score_rejected", "chosen_answer", "rejected_answer", "verdict", "reason",
    "review",
)  # fmt: skip
WORDS = {"accept": "accepted", "reject": "rejected", "swap": "swapped", "edit": "edited"}


def add(session: Session, project_id: str, pair_id: str, asked: ReviewConfig, *, reviewer: str) -> Review:
    """Change a pair as a reviewer asks; what it was before stays in the history.

    Raises NotFound, Conflict while a run trains on the pair's dataset, BadInput for an edit that leaves no preference.
    """
    pair = _held(session, project_id, pair_id)
    running = datasets.runs_on(session, pair.dataset_id)
    if running is not None:
        raise Conflict(f"Run {running} trains on dataset {pair.dataset_id}; wait for its end, or cancel it first.")
    before = {name: getattr(pair, name) for name in COLUMNS}
    after = before | asked.change(before) | {"review": WORDS[asked.action]}
    session.execute(update(Pair).where(Pair.id == pair_id).values(**after))
    if (after["chosen"], after["rejected"]) != (before["chosen"], before["rejected"]):
        session.execute(delete(ReferenceLogProb).where(ReferenceLogProb.pair_id == pair_id))
    verdicts.count(session, pair.dataset_id, verdicts.changed(_told(before), _told(after)))
    row = Review(
        id=new_id("rev"),
        pair_id=pair_id,
        action=asked.action,
        reviewer=reviewer,
        reviewer_name=session.scalars(select(ApiKey.name).where(ApiKey.id == reviewer)).one() or reviewer,
        note=asked.note,
        before=before,
        after=after,
    )
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def page(session: Session, pair_id: str, *, after: str | None = None, limit: int = 20) -> list[Review]:
    """The history of a pair, newest first, older than `after`."""
    statement = select(Review).where(Review.pair_id == pair_id).order_by(Review.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Review.id < after)))


def first(session: Session, pair_id: str) -> Review | None:
    """The pair's first review, whose `before` is the original."""
    return session.scalars(select(Review).where(Review.pair_id == pair_id).order_by(Review.id).limit(1)).one_or_none()


def _held(session: Session, project_id: str, pair_id: str) -> Pair:
    statement = (
        select(Pair)
        .join(Dataset, Dataset.id == Pair.dataset_id)
        .where(Pair.id == pair_id, Dataset.project_id == project_id)
        .with_for_update(of=Pair)
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("pair", pair_id)
    return found


def _told(state: dict[str, Any]) -> Counter[str]:
    scored = state["score_chosen"] is not None and state["score_rejected"] is not None
    return verdicts.told_of(state["verdict"], state["reason"], scored=scored)
