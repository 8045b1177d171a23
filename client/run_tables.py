"""Runs beside each other as the server answers: a sweep, a comparison."""

from datetime import datetime
from typing import Any

from client.models import Answer


class RunSummary(Answer):
    """A run as one line of a table."""

    id: str
    swept: dict[str, Any] | None
    status: str
    method: str
    student: str | None
    step: int
    total_steps: int | None
    validation_loss: float | None
    validation_accuracy: float | None
    margin: float | None
    evaluation: dict[str, Any] | None
    tokens: int | None
    seconds: float | None
    error: str | None


class Sweep(Answer):
    """A sweep: several runs under one id."""

    id: str
    status: str
    config: dict[str, Any]
    grid: dict[str, list[Any]]
    runs: list[str]
    run_counts: dict[str, int]
    summary: list[RunSummary] | None
    best: str | None
    best_by: str | None
    created_at: datetime


class Comparison(Answer):
    """Runs held against the first of them."""

    runs: list[RunSummary]
    differences: dict[str, list[Any]]
    evaluations: list[dict[str, Any]]
    best: str | None
    best_by: str | None
