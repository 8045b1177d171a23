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


class CachedObject(BaseModel):
    """What the cache of turns holds already of the chains that are looked at."""

    chains: int = Field(
        description="chains whose turns were looked up: all of a small dataset, a sample spread over a larger one. 0 "
        "where the prompts have still to be read or written, the cache is bypassed, or the teacher has answered nothing"
    )
    turns: int = Field(description="turns of these chains")
    hits: int = Field(description="of those, turns that the teacher gave before and will not be asked for again")


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
    cached: CachedObject = Field(
        description="turns of the teacher that the cache holds, if its weights are those it wrote with last; the sums "
        "and seconds leave them out. Verdicts of judges may be cached too, which is known only when answers are there"
    )
    prompt_tokens: Interval
    sampled_tokens: Interval
    seconds: Interval | None = Field(
        description="to make the chains and to score them, at the pace of earlier datasets; both pass at once unless "
        "workers take turns on one device. Null before any chain of this teacher was timed"
    )
    scoring_seconds: Interval | None = Field(
        description="to score the answers, as far as scorers were timed; part of seconds. Null before any was"
    )
    untimed: list[str] = Field(description="scorers that have scored nothing in this way yet: seconds leave them out")
    usd: Interval | None = Field(description="null without prices in the operator's model settings")
    unpriced: list[str] = Field(
        description="teacher and judges without both prices in the operator's model settings, whose cost usd leaves out"
    )
    exceeds: list[Literal["tokens", "usd", "seconds"]] = Field(description="limits of the budget that would be reached")
