"""Runs beside each other."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.comparison import asked_ids, compare
from api.deps import Reader
from api.schemas.comparison import ComparisonObject
from core.database import transaction

router = APIRouter(prefix="/runs", tags=["runs"])

Ids = Annotated[
    str, Query(max_length=2_000, description="2 to 16 runs, as run_a,run_b; the others are held against the first")
]


@router.get("/compare", summary="Compare runs")
def compare_runs(ids: Ids, caller: Reader) -> ComparisonObject:
    """What their configs differ in, their numbers, and how their answers to the same prompts were scored."""
    with transaction() as session:
        return compare(session, caller.project_id, asked_ids(ids))
