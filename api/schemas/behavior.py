"""A behavior as the caller sees it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.page import Object
from core.configs.behavior import BehaviorSpec
from core.tables import Behavior


class BehaviorSummary(Object):
    """A version of a behavior without its prompts."""

    object: Literal["behavior"] = "behavior"
    id: str = Field(examples=["beh_01kfw3v8x2m4c9t7q0r5b6n1za"])
    name: str
    version: int
    title: str
    description: str
    principle: str
    rule: str | None
    prompts: int = Field(description="number of prompts to make pairs from")
    evaluation_prompts: int
    digest: str = Field(description="SHA-256 of the recipe: the same text is the same version")
    created_at: datetime


class BehaviorObject(BehaviorSummary):
    """A version of a behavior, whole."""

    spec: BehaviorSpec


def show_summary(row: Behavior) -> BehaviorSummary:
    """A row as the caller sees it in a list."""
    return BehaviorSummary(
        id=row.id,
        name=row.name,
        version=row.version,
        title=row.body["title"],
        description=row.body["description"],
        principle=row.body["principle"],
        rule=row.body["rule"],
        prompts=len(row.body["prompts"]),
        evaluation_prompts=len(row.body["evaluation_prompts"]),
        digest=row.digest,
        created_at=row.created_at,
    )


def show_behavior(row: Behavior) -> BehaviorObject:
    """A row as the caller sees it."""
    return BehaviorObject(**show_summary(row).model_dump(), spec=BehaviorSpec.model_validate(row.body))
