"""What a dataset would take, as the caller sees it."""

from typing import Literal

from pydantic import BaseModel, Field


class Interval(BaseModel):
    """An expected number between two bounds, which are no promise.

    Of tokens of a teacher that was measured they are two standard deviations of a sum over so many chains, and a tenth
    for other prompts; of a judge that was measured, a tenth; of prompts that it writes, the cheapest and the dearest
    shard and a tenth; of seconds, half. Of what was never measured they go from a tenth of the longest answers that may
    be sampled to all of them. The bounds of a sum are the sums of bounds.
    """

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
    unpriced: list[str] = Field(
        description="teacher and judges without both prices in the operator's model settings, whose cost usd leaves out"
    )
    exceeds: list[Literal["tokens", "usd", "seconds"]] = Field(description="limits of the budget that would be reached")
