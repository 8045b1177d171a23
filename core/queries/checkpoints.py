"""Statements about checkpoints."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.ids import new_id
from core.ledger import Claim
from core.tables import Checkpoint


def add(session: Session, claim: Claim, row: dict[str, Any]) -> None:
    """Note a published checkpoint (`step, path, manifest_sha256, metrics`) of the claim's run, once."""
    full = row | {"id": new_id("ckpt"), "run_id": claim.run_id, "token": claim.token}
    session.execute(insert(Checkpoint).values(full).on_conflict_do_nothing(index_elements=["run_id", "step", "token"]))


def on_disk(session: Session, run_id: str) -> list[Checkpoint]:
    """Checkpoints that are neither damaged nor removed, newest first."""
    statement = (
        select(Checkpoint)
        .where(Checkpoint.run_id == run_id, Checkpoint.damaged_at.is_(None), Checkpoint.removed_at.is_(None))
        .order_by(Checkpoint.step.desc(), Checkpoint.token.desc())
    )
    return list(session.scalars(statement))


def mark_damaged(session: Session, id: str) -> None:
    """Note that a checkpoint's files do not match their hashes."""
    _mark(session, [id], damaged_at=func.clock_timestamp())


def mark_removed(session: Session, ids: Sequence[str]) -> None:
    """Note that the checkpoints' files make room for newer ones."""
    _mark(session, ids, removed_at=func.clock_timestamp())


def _mark(session: Session, ids: Sequence[str], **columns: Any) -> None:
    statement = update(Checkpoint).where(Checkpoint.id.in_(ids)).values(**columns)
    session.execute(statement.execution_options(synchronize_session=False))
