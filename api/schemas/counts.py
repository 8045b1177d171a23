"""How far something is."""

from pydantic import BaseModel, Field


class Counts(BaseModel):
    """Rows to make, made, and given up."""

    total: int
    completed: int
    failed: int


class Remaining(BaseModel):
    """Seconds until the end, with the interval the estimate lies in."""

    seconds: float
    low: float
    high: float


class PairCounts(BaseModel):
    """Pairs by verdict."""

    kept: int
    dropped: int
    dropped_by_reason: dict[str, int] = Field(examples=[{"identical": 12}])
    scored: int = Field(description="pairs with both scores")
