"""Statements that stop or restart all shards of a dataset or a run at once."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.states import ShardState
from core.tables import Shard

OPEN = (str(ShardState.queued), str(ShardState.running), str(ShardState.paused))


def of_dataset(dataset_id: str) -> Any:
    """The condition that a shard makes this dataset (and not a run on it)."""
    return (Shard.dataset_id == dataset_id) & Shard.run_id.is_(None)


def of_run(run_id: str) -> Any:
    """The condition that a shard belongs to this run."""
    return Shard.run_id == run_id


def hold(session: Session, whose: Any) -> None:
    """Lock the shards before their parent's row, in the order of a holder's writes: neither waits for the other."""
    session.execute(select(Shard.id).where(whose).order_by(Shard.id).with_for_update())


def fence(session: Session, whose: Any, to: ShardState) -> None:
    """Move every open shard to `paused` or `cancelled`. Their tokens are void: no holder writes any more."""
    ended = func.clock_timestamp() if to == ShardState.cancelled else None
    session.execute(
        update(Shard)
        .where(whose, Shard.state.in_(OPEN))
        .values(state=str(to), lease_expires_at=None, token=None, owner=None, rung_at=None, ended_at=ended)
        .execution_options(synchronize_session=False)
    )


def reopen(session: Session, whose: Any) -> int:
    """Queue every shard that is paused, cancelled or quarantined, with fresh attempts; returns how many."""
    closed = (str(ShardState.paused), str(ShardState.cancelled), str(ShardState.quarantined))
    statement = (
        update(Shard)
        .where(whose, Shard.state.in_(closed))
        .values(
            state=str(ShardState.queued), attempts=0, rung_at=None, ended_at=None, available_at=func.clock_timestamp()
        )
        .execution_options(synchronize_session=False)
    )
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]
