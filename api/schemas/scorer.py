"""A dataset's scorer as the caller sees it."""

from typing import Literal

from pydantic import BaseModel, Field

from core.tables import Scorer


class ScorerObject(BaseModel):
    """Who scores, on which scale, and what came of it."""

    name: str = Field(description="what its scores are stored under", examples=["judge:tiny-teacher"])
    kind: str = Field(examples=["judge"])
    purpose: Literal["reward", "cost"] = Field(description="cost: a higher value is worse")
    minimum: float | None = Field(description="least score there can be; null where there is none")
    maximum: float | None = Field(description="greatest score there can be; null where there is none")
    mean: float | None = Field(description="over all scored answers, once the dataset has ended")
    sd: float | None
    count: int | None = Field(description="answers with a score")
    missing: int | None = Field(description="answers that no score could be read for")
    fingerprint: str | None = Field(description="SHA-256 of what decided the scores")


def show_scorer(row: Scorer) -> ScorerObject:
    """A row as the caller sees it."""
    return ScorerObject.model_validate(row, from_attributes=True)
