"""The one way a state moves: a conditional UPDATE that knows the legal moves."""

from enum import StrEnum
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from core.states import LEGAL, DatasetState, DistillationState, RunState
from core.tables import Dataset, Distillation, Run

STATES: dict[type[Any], type[StrEnum]] = {Dataset: DatasetState, Run: RunState, Distillation: DistillationState}


def move(session: Session, table: type[Any], id: str, to: StrEnum, **columns: Any) -> bool:
    """Move a row to state `to` if that is legal from where it is; sets `<to>_at` once. False: nothing moved."""
    legal_from = [str(state) for state, targets in LEGAL[STATES[table]].items() if to in targets]
    moment = getattr(table, f"{to}_at", None)
    if moment is not None:
        columns.setdefault(f"{to}_at", func.coalesce(moment, func.clock_timestamp()))
    statement = (
        update(table)
        .where(table.id == id, table.state.in_(legal_from))
        .values(state=str(to), **columns)
        .execution_options(synchronize_session=False)
    )
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]
