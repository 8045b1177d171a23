"""Where a pair comes from: every turn, every score, and what decided them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.pair import PairObject, show_pair
from core.configs.sampling import Sampling
from core.queries.rows import AnyRow


class TurnObject(BaseModel):
    """One turn of the teacher, or an answer of a file; of that what a teacher decides is null."""

    name: str = Field(description="draft, critique, revision; earlier rounds end in .r1, further candidates in .1")
    text: str
    messages: list[dict[str, str]] | None = Field(description="what it answers; null when it follows an earlier turn")
    after: str | None = Field(description="the turn that it follows")
    user: str | None = Field(description="the instruction between that turn and this one")
    finish: str | None
    tokens: int
    hit: bool | None = Field(description="whether it was there before the chain was made, so that nobody was asked")
    sampling: Sampling | None = Field(description="as it was asked for")
    omitted: list[str] = Field(description="of sampling and seed, what the endpoint does not take: its default held")
    seed: int | None


class ScoreObject(BaseModel):
    """What one scorer gave to one answer of the chain, and who the scorer is."""

    scorer: str
    purpose: Literal["reward", "cost"]
    kind: Literal["classifier", "judge", "rule", "given"]
    engine: str | None = Field(description="as asked for; null for rules and scores of a file")
    model: str | None
    endpoint: str | None = Field(
        description="of a judge: where its model answers; null for a model that is loaded here"
    )
    rule: str | None
    pairwise: bool
    sampling: Sampling | None = Field(description="of a judge's verdicts, as it was asked for")
    omitted: list[str] = Field(description="of sampling and seed, what a judge's endpoint does not take")
    answer: str = Field(description="the turn that was scored")
    value: float | None
    missing: str | None = Field(description="why there is no value")
    raw: str | None = Field(description="what a judge said")
    fingerprint: str = Field(description="of what decided the score")
    created_at: datetime


class BehaviorVersion(BaseModel):
    """The version of a behavior that instructions and rubric come from."""

    id: str
    name: str
    version: int
    digest: str = Field(description="SHA-256 of the whole recipe")


class Provenance(BaseModel):
    """Everything that decided a pair."""

    engine: str
    model: str | None = Field(description="null for imported pairs")
    endpoint: str | None = Field(description="where the teacher answers; null for a model that is loaded here")
    model_fingerprint: str
    template_hash: str
    strategy: Literal["self_critique", "counterfactual", "import"]
    variant: str | None = Field(description="of the strategy counterfactual")
    behavior: BehaviorVersion | None = Field(description="null for imported pairs that name none")
    seed: int
    attempt: int = Field(description="claims its shard had when the chain ended")
    turns: list[TurnObject]
    scores: list[ScoreObject]
    chosen_answer: str | None = Field(description="the turn that is the chosen answer; null once it was edited")
    rejected_answer: str | None
    context: list[dict[str, str]] = Field(description="the messages that are trained on")
    wrapper: str | None = Field(description="the template that the prompt stands in")
    distribution: Literal["in", "out"] | None
    plain: list[dict[str, str]] | None = Field(description="the prompt before it was wrapped")
    prompt_tokens: int
    cached_tokens: int = Field(description="of these, served by the engine's prefix cache")
    paid_prompt_tokens: int = Field(description="of the turns that the cache of turns did not serve")
    paid_tokens: int
    cleaned_chars: int = Field(description="control characters that were taken out of the turns")
    hits: int = Field(description="turns served by the cache of turns")
    usd: float
    seconds: float
    created_at: datetime = Field(description="when the chain ended")
    origin: dict[str, Any] | None = Field(description="of imported pairs: what else the line of the file said")


class PairDetail(PairObject):
    """A pair with its provenance."""

    provenance: Provenance


def show_detail(row: AnyRow, told: Mapping[str, Any]) -> PairDetail:
    """A (Pair, Prompt, Chain, behavior) row with its provenance as `core.provenance` tells it."""
    return PairDetail(**show_pair(row).model_dump(), provenance=Provenance.model_validate(told))
