"""A run's metrics as columns for the charts."""

from typing import Any

from sqlalchemy.orm import Session

from core.queries import run_metrics
from core.queries.run_metrics import Series

AT_ONCE = 2000  # rows in one answer; the page asks again for what follows


def columns(session: Session, run_id: str, after: tuple[int, str] | None) -> dict[str, Any]:
    """`{"rows": [{"kind", "step", "values"}], "last": "<kind>.<step>" | None, "more": bool}`, oldest first."""
    rows = run_metrics.page(session, run_id, Series(after=after, oldest_first=True), limit=AT_ONCE + 1)
    shown = rows[:AT_ONCE]
    return {
        "rows": [{"kind": row.kind, "step": row.step, "values": row.values} for row in shown],
        "last": f"{shown[-1].kind}.{shown[-1].step}" if shown else None,
        "more": len(rows) > AT_ONCE,
    }
