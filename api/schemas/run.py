"""A run, its metrics, checkpoints, evaluations and artifacts as the caller sees them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.counts import Counts, Remaining
from api.schemas.page import Object
from api.schemas.preflight import PreflightObject
from core.configs.run import RunConfig
from core.queries.runs import PREFLIGHT
from core.tables import Checkpoint, Evaluation, Run, RunMetric

MOMENTS = (
    "created_at", "preparing_at", "running_at", "evaluating_at", "succeeded_at", "failed_at", "cancelled_at",
    "paused_at",
)  # fmt: skip


class ArtifactObject(Object):
    """One file of the tuned model; `id` is its name."""

    object: Literal["artifact"] = "artifact"
    bytes: int
    sha256: str | None = Field(description="null for the manifest itself")


class RunObject(Object):
    """What was asked (`config`, complete), and how far it is."""

    object: Literal["run"] = "run"
    id: str = Field(examples=["run_01kfw3v8x2m4c9t7q0r5b6n1za"])
    status: str = Field(examples=["running"])
    dataset: str
    sweep: str | None = Field(description="the sweep it is a run of; null for a run that was asked for alone")
    config: RunConfig
    step: int
    total_steps: int | None
    seconds_remaining: Remaining | None = Field(description="of the training; null while it is unknown, and at the end")
    stages: dict[str, Counts] | None = Field(description="answer and judge: the evaluation; null in lists")
    queue_position: int | None = Field(description="trainings before this one; null when it does not wait")
    pause_asked: bool
    pause_reason: str | None
    metrics: dict[str, float | None] | None = Field(description="of the newest step; null before it and in lists")
    facts: dict[str, Any] = Field(
        description="pairs, tau, data hash, device, versions, the best validation, memory reckoned and measured"
    )
    stopped: str | None = Field(description="why the training ended before the steps that were asked for")
    dry_run: bool = Field(description="it looks and trains nothing; its steps are probes")
    preflight: PreflightObject | None = Field(
        description="what a dry run found; null before its end, in lists, and for others"
    )
    artifacts: list[str] | None = Field(description="names of the files of the tuned model; null before and in lists")
    model: str | None = Field(description="folder of the tuned model on the server; null before it is there")
    error: str | None
    metadata: dict[str, str]
    created_at: datetime
    preparing_at: datetime | None
    running_at: datetime | None
    evaluating_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    paused_at: datetime | None


class RunDetails(BaseModel):
    """What only the page of one run shows."""

    stages: dict[str, Counts] | None = None
    queue_position: int | None = None
    metrics: dict[str, float | None] | None = None
    artifacts: list[str] | None = None
    model: str | None = None
    preflight: dict[str, Any] | None = None


def show_run(row: Run, details: RunDetails | None = None) -> RunObject:
    """A row as the caller sees it."""
    return RunObject.model_validate(
        {
            "id": row.id,
            "status": row.state,
            "dataset": row.dataset_id,
            "sweep": row.sweep_id,
            "config": row.config,
            "step": row.step,
            "total_steps": row.total_steps,
            "seconds_remaining": _remaining(row),
            "pause_asked": row.pause_asked,
            "pause_reason": row.pause_reason,
            "facts": {name: fact for name, fact in row.facts.items() if name != PREFLIGHT},
            "stopped": row.facts.get("stopped"),
            "dry_run": row.config.get("dry_run", False),
            "error": row.error,
            "metadata": row.config["metadata"],
        }
        | (details or RunDetails()).model_dump()
        | {moment: getattr(row, moment) for moment in MOMENTS}
    )


def _remaining(row: Run) -> Remaining | None:
    """Steps left times their recent mean, two standard errors of the sum either side."""
    if row.state != "running" or not row.total_steps or not row.step_seconds:
        return None
    left = max(row.total_steps - row.step, 0)
    seconds = left * row.step_seconds
    spread = 2 * (row.step_seconds_sd or 0.0) * left**0.5
    return Remaining(seconds=seconds, low=max(seconds - spread, 0.0), high=seconds + spread)


class MetricObject(Object):
    """Metrics of one step; `id` is `<kind>.<step>`."""

    object: Literal["run.metric"] = "run.metric"
    kind: Literal["train", "validation"]
    step: int
    values: dict[str, float | None]
    created_at: datetime


def show_metric(row: RunMetric) -> MetricObject:
    """A row as the caller sees it."""
    shown = {"id": f"{row.kind}.{row.step}", "kind": row.kind, "step": row.step, "values": row.values}
    return MetricObject.model_validate(shown | {"created_at": row.created_at})


class CheckpointObject(Object):
    """A checkpoint that was published."""

    object: Literal["run.checkpoint"] = "run.checkpoint"
    run: str
    step: int
    metrics: dict[str, Any]
    manifest_sha256: str
    created_at: datetime
    damaged_at: datetime | None
    removed_at: datetime | None = Field(description="its files made room for newer ones")


def show_checkpoint(row: Checkpoint) -> CheckpointObject:
    """A row as the caller sees it."""
    return CheckpointObject(
        id=row.id,
        run=row.run_id,
        step=row.step,
        metrics=row.metrics,
        manifest_sha256=row.manifest_sha256,
        created_at=row.created_at,
        damaged_at=row.damaged_at,
        removed_at=row.removed_at,
    )


class SideBySide(BaseModel):
    """Both models' answers to one held-out prompt."""

    behavior: str
    prompt_index: int
    prompt: list[dict[str, str]]
    guard: bool
    sample: int
    base: str
    tuned: str


class EvaluationObject(Object):
    """Base and tuned on the held-out prompts; `summary` is null until every answer is judged."""

    object: Literal["evaluation"] = "evaluation"
    run: str
    status: Literal["in_progress", "completed"]
    summary: dict[str, Any] | None
    samples: list[SideBySide]
    created_at: datetime
    completed_at: datetime | None


def show_evaluation(row: Evaluation, samples: list[SideBySide]) -> EvaluationObject:
    """A row as the caller sees it, with answers side by side."""
    return EvaluationObject.model_validate(
        {
            "id": row.id,
            "run": row.run_id,
            "status": row.state,
            "summary": row.summary,
            "samples": samples,
            "created_at": row.created_at,
            "completed_at": row.completed_at,
        }
    )
