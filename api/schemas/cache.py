"""The cache of turns as the caller sees it."""

from typing import Literal

from pydantic import BaseModel, Field

from core.configs.config import Config


class CacheObject(BaseModel):
    """What is kept of earlier requests, so that it is not asked for again."""

    object: Literal["cache"] = "cache"
    turns: int
    bytes: int = Field(description="of their texts and token ids")
    hits: int = Field(description="turns that were taken from it so far")


class TrimRequest(Config):
    """What `POST /cache/trim` asks for."""

    unused_days: float = Field(ge=0, le=36_500, description="forget turns that nobody used for so many days; 0: all")


class TrimmedObject(BaseModel):
    """What a trim forgot."""

    object: Literal["cache.trimmed"] = "cache.trimmed"
    forgotten: int
