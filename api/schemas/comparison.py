"""Runs held against each other, as the caller sees them."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.run_summary import Bounded, RunSummary


class ComparedEvaluation(BaseModel):
    """A run's tuned model against the first run's: scores of answers to the prompts that both were asked."""

    run: str
    against: str
    scorer: str | None = Field(description="null where they share no scored answer, and so are the numbers")
    n: int = Field(description="answers to the same prompt")
    mean_run: float | None
    mean_against: float | None
    difference: Bounded | None = Field(description="run minus against, answer by answer")
    win: int
    tie: int
    loss: int


class ComparisonObject(BaseModel):
    """Configs, numbers and evaluations of several runs; the first of them is the one the others are held against."""

    object: Literal["run.comparison"] = "run.comparison"
    runs: list[RunSummary] = Field(description="in the order they were asked for")
    differences: dict[str, list[Any]] = Field(
        description="fields in which the configs differ, with the value of each run; null where a run has no such field"
    )
    evaluations: list[ComparedEvaluation]
    best: str | None
    best_by: str | None
