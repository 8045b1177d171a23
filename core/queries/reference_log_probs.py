"""Statements about log-probs under a reference."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.tables import Pair, ReferenceLogProb

BATCH = 5_000


def of_dataset(session: Session, dataset_id: str, fingerprint: str) -> dict[str, tuple[float, float]]:
    """Pair id -> log-probs of chosen and rejected, for the pairs of a dataset that have been computed."""
    statement = (
        select(ReferenceLogProb.pair_id, ReferenceLogProb.chosen, ReferenceLogProb.rejected)
        .join(Pair, Pair.id == ReferenceLogProb.pair_id)
        .where(Pair.dataset_id == dataset_id, ReferenceLogProb.fingerprint == fingerprint)
        .execution_options(yield_per=BATCH)
    )
    return {pair_id: (chosen, rejected) for pair_id, chosen, rejected in session.execute(statement)}


def store(session: Session, fingerprint: str, values: Mapping[str, tuple[float, float]]) -> None:
    """Keep log-probs; those that are there already stay as they are."""
    rows = [
        {"pair_id": pair_id, "fingerprint": fingerprint, "chosen": chosen, "rejected": rejected}
        for pair_id, (chosen, rejected) in values.items()
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(ReferenceLogProb).values(rows[start : start + BATCH]).on_conflict_do_nothing())
