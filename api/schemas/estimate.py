"""What a dataset would take, as the caller sees it."""

from typing import Literal

from pydantic import BaseModel, Field


class Interval(BaseModel):
    """An expected number, and the bounds it lies within nineteen times in twenty."""

    expected: float
    low: float
    high: float


class WritingObject(BaseModel):
    """What the teacher would take to write the prompts itself."""

    basis: Literal["measured", "unknown"] = Field(
        description="measured: from prompts that the same teacher wrote by the same instruction, as many on each topic;"
        " unknown: it has written none in this way yet, so the sums leave this part out"
    )
    prompts: int = Field(description="prompts to write")
    prompt_tokens: Interval | None
    sampled_tokens: Interval | None
    usd: Interval | None = Field(description="null without prices in the operator's model settings")


class EstimateObject(BaseModel):
    """Tokens, time and money of a dataset that is not made yet."""

    object: Literal["estimate"] = "estimate"
    basis: Literal["measured", "bounds"] = Field(
        description="measured: from chains of the same teacher; bounds: from the longest that may be sampled"
    )
    measured_chains: int = Field(description="chains the figures rest on")
    chains: int
    answers_to_score: int = Field(description="over all scorers")
    judge_calls: int = Field(description="questions to judges; their tokens and cost are part of the sums")
    writing: WritingObject | None = Field(
        description="for prompts that the teacher writes itself; part of the sums where it was measured"
    )
    prompt_tokens: Interval
    sampled_tokens: Interval
    seconds: Interval | None = Field(description="to make the chains; null before any chain of this teacher was timed")
    usd: Interval | None = Field(description="null without prices in the operator's model settings")
    exceeds: list[Literal["tokens", "usd", "seconds"]] = Field(description="limits of the budget that would be reached")
