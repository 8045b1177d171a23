"""A run as one line of a table."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.page import Object
from core.configs.run import RunConfig
from core.queries.run_summaries import Numbers
from core.tables import Run


class Bounded(BaseModel):
    """A mean with its 95% bootstrap interval."""

    mean: float
    low: float
    high: float


class Judged(BaseModel):
    """What the headline scorer of a run's evaluation gave to both models on the held-out prompts."""

    scorer: str
    purpose: Literal["reward", "cost"] = Field(description="cost: the less the better")
    n: int
    base: Bounded
    tuned: Bounded
    difference: Bounded = Field(description="tuned minus base, prompt by prompt")
    base_rate: float | None = Field(description="share of the base model's answers with a score above zero")
    tuned_rate: float | None
    over_refusal_base: float | None = Field(description="share of guard prompts that are not helped with")
    over_refusal_tuned: float | None


class RunSummary(Object):
    """Numbers of a run; null while they are not there. Losses by another method or beta cannot be compared."""

    object: Literal["run.summary"] = "run.summary"
    swept: dict[str, Any] | None = Field(description="the values of the sweep's grid; null outside a sweep")
    status: str
    dataset: str
    student: str | None
    method: str
    step: int
    total_steps: int | None
    train_loss: float | None = Field(description="of the newest step")
    validation_loss: float | None = Field(description="of the newest validation")
    best_validation_loss: float | None
    validation_accuracy: float | None
    best_validation_accuracy: float | None
    margin: float | None = Field(description="implicit reward of chosen minus rejected, in the newest validation")
    evaluation: Judged | None
    tokens: int | None = Field(description="that the training has gone through")
    seconds: float | None = Field(description="from the first step to the end of the training, or to now; with pauses")
    error: str | None


def show_summary(row: Run, numbers: Numbers, swept: Mapping[str, Any] | None = None) -> RunSummary:
    """A run and its numbers as the caller sees them."""
    return RunSummary.model_validate(
        {
            "id": row.id,
            "swept": swept,
            "status": row.state,
            "dataset": row.dataset_id,
            "student": row.config["student"],
            "method": row.config["method"]["type"],
            "step": row.step,
            "total_steps": row.total_steps,
            "train_loss": numbers.train.get("loss"),
            "validation_loss": numbers.validation.get("loss"),
            "best_validation_loss": numbers.best.get("loss"),
            "validation_accuracy": numbers.validation.get("accuracy"),
            "best_validation_accuracy": numbers.best.get("accuracy"),
            "margin": numbers.validation.get("margin"),
            "evaluation": _judged(row, numbers.evaluation),
            "tokens": None if numbers.tokens is None else round(numbers.tokens),
            "seconds": numbers.seconds,
            "error": row.error,
        }
    )


def _judged(row: Run, summary: Mapping[str, Any] | None) -> dict[str, Any] | None:
    name = summary["headline"] if summary else None
    overall = (summary or {}).get("scorers", {}).get(name, {}).get("overall")
    if summary is None or overall is None:
        return None
    guard = (summary.get("over_refusal") or {}).get("overall") or {}
    rate = overall.get("rate") or {}
    return {
        "scorer": name,
        "purpose": _purpose(row, name),
        **{part: overall[part] for part in ("n", "base", "tuned", "difference")},
        **{f"{role}_rate": rate.get(role) for role in ("base", "tuned")},
        **{f"over_refusal_{role}": guard.get(role) for role in ("base", "tuned")},
    }


def _purpose(row: Run, scorer: str | None) -> str:
    scorers = RunConfig.model_validate(row.config).evaluation.scorers
    return next((one.purpose for one in scorers if one.scorer == scorer), "reward")
