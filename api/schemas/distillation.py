"""A distillation as the caller sees it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.dataset import DatasetObject
from api.schemas.page import Object
from api.schemas.run import RunObject
from core.configs.distillation import DistillationConfig
from core.tables import Distillation

MOMENTS = ("created_at", "training_at", "evaluating_at", "succeeded_at", "failed_at", "cancelled_at")


class DistillationObject(Object):
    """What was asked, which stage it is at, and the dataset and run it made."""

    object: Literal["distillation"] = "distillation"
    id: str = Field(examples=["dist_01kfw3v8x2m4c9t7q0r5b6n1za"])
    status: str = Field(examples=["generating"])
    config: DistillationConfig
    dataset: str
    run: str | None = Field(description="null until the dataset has completed")
    dataset_object: DatasetObject | None = Field(description="null in lists")
    run_object: RunObject | None = Field(description="null in lists, and until the dataset has completed")
    error: str | None
    metadata: dict[str, str]
    created_at: datetime
    training_at: datetime | None
    evaluating_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None


def show_distillation(
    row: Distillation, dataset: DatasetObject | None = None, run: RunObject | None = None
) -> DistillationObject:
    """A row as the caller sees it."""
    return DistillationObject.model_validate(
        {
            "id": row.id,
            "status": row.state,
            "config": row.config,
            "dataset": row.dataset_id,
            "run": row.run_id,
            "dataset_object": dataset,
            "run_object": run,
            "error": row.error,
            "metadata": row.config["metadata"],
        }
        | {moment: getattr(row, moment) for moment in MOMENTS}
    )
