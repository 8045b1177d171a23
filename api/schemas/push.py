"""A push as the caller sees it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.page import Object
from core.tables import Push


class PushObject(Object):
    """A dataset on its way to the hub."""

    object: Literal["push"] = "push"
    id: str = Field(examples=["push_01kfw3v8x2m4c9t7q0r5b6n1za"])
    dataset: str
    repo: str
    private: bool
    format: Literal["trl", "openai", "jsonl", "parquet"]
    status: Literal["queued", "running", "done", "failed"]
    url: str | None = Field(description="where it can be read once it is done")
    error: str | None = Field(description="why it failed, or what it waits for")
    created_at: datetime
    ended_at: datetime | None


def show_push(row: Push) -> PushObject:
    """A row as the caller sees it."""
    return PushObject.model_validate(
        {
            "id": row.id,
            "dataset": row.dataset_id,
            "repo": row.repo,
            "private": row.private,
            "format": row.format,
            "status": row.state,
            "url": row.url,
            "error": row.error,
            "created_at": row.created_at,
            "ended_at": row.ended_at,
        }
    )
