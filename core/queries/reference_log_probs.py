"""Statements about log-probs under a reference."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.tables import ReferenceLogProb

BATCH = 5_000


def of_pairs(session: Session, ids: Sequence[str], fingerprint: str) -> dict[str, tuple[float, float]]:
    """Pair id -> log-probs of chosen and rejected, for those of the pairs that have been computed."""
    columns = (ReferenceLogProb.pair_id, ReferenceLogProb.chosen, ReferenceLogProb.rejected)
    mine = ReferenceLogProb.pair_id.in_(ids) & (ReferenceLogProb.fingerprint == fingerprint)
    return {pair_id: (chosen, rejected) for pair_id, chosen, rejected in session.execute(select(*columns).where(mine))}


def store(session: Session, fingerprint: str, values: Mapping[str, tuple[float, float]]) -> None:
    """Keep log-probs; those that are there already stay as they are."""
    rows = [
        {"pair_id": pair_id, "fingerprint": fingerprint, "chosen": chosen, "rejected": rejected}
        for pair_id, (chosen, rejected) in values.items()
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(ReferenceLogProb).values(rows[start : start + BATCH]).on_conflict_do_nothing())
