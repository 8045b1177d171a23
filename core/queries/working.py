"""Statements about the time in which a dataset is worked on: while any of its shards is held, and no longer.

A pause, a wait for an endpoint and the work of others do not count, nor does reading prompts. Whoever takes or lets go
of a shard has it locked before: the dataset's row comes last, so that two that let go look one after the other.
"""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.ledger import Claim
from core.queries import parents
from core.states import ShardState, Stage
from core.tables import Dataset, Shard

ELSEWHERE = (str(Stage.gather), str(Stage.push))  # these make nothing of a dataset
PASSED = func.coalesce(func.extract("epoch", func.clock_timestamp() - Dataset.working_since), 0.0)
WORKED = Dataset.worked_seconds + PASSED


def begun(session: Session, claim: Claim) -> None:
    """A shard is held: time counts from now, unless it counts already."""
    if _counts(claim):
        _write(session, claim.dataset_id, working_since=func.coalesce(Dataset.working_since, func.clock_timestamp()))


def let_go(session: Session, claim: Claim) -> None:
    """A shard is held no more."""
    if _counts(claim):
        look(session, claim.dataset_id)


def look(session: Session, dataset_id: str) -> None:
    """Time stops when no shard is held."""
    session.execute(select(Dataset.id).where(Dataset.id == dataset_id).with_for_update(key_share=True))
    held = parents.of_dataset(dataset_id) & (Shard.state == str(ShardState.running)) & Shard.stage.not_in(ELSEWHERE)
    if session.scalar(select(Shard.id).where(held).limit(1)) is None:
        _write(session, dataset_id, worked_seconds=WORKED, working_since=None)


def seconds(session: Session, dataset_id: str) -> float:
    """The seconds until now in which the dataset was worked on."""
    return float(session.scalars(select(WORKED).where(Dataset.id == dataset_id)).one())


def _counts(claim: Claim) -> bool:
    return claim.run_id is None and claim.stage not in ELSEWHERE


def _write(session: Session, dataset_id: str, **columns: Any) -> None:
    statement = update(Dataset).where(Dataset.id == dataset_id).values(**columns)
    session.execute(statement.execution_options(synchronize_session=False))
