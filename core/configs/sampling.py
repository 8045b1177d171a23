"""How an engine samples one answer."""

from typing import Annotated

from pydantic import Field

from core.configs.config import Config


class Sampling(Config):
    """How an engine samples one answer."""

    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=0, le=100_000, description="0 means all")
    max_tokens: int = Field(512, ge=1, le=32_768)
    stop: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field((), max_length=8)
