"""Pairs and failures as the caller sees them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.page import Object
from core.queries import score_columns
from core.queries.rows import AnyRow
from core.tables import Chain, Prompt


class PairScore(BaseModel):
    """What one scorer gave to the two sides; null where it gave nothing, or a person edited the text."""

    scorer: str
    purpose: Literal["reward", "cost"] = Field(description="cost: a higher value is worse")
    chosen: float | None
    rejected: float | None


class PairObject(Object):
    """Chosen and rejected with their scores, the critique between them, and the verdict."""

    object: Literal["pair"] = "pair"
    dataset: str
    behavior: str | None = Field(description="null for imported pairs that name none")
    prompt_index: int
    sample: int
    split: Literal["train", "validation"]
    prompt: list[dict[str, str]] = Field(description="the messages before the answers")
    context: list[dict[str, str]] | None = Field(description="trained on in its place; null: the prompt itself is")
    chosen: str
    rejected: str
    critique: str | None
    score_chosen: float | None
    score_rejected: float | None
    margin: float | None = Field(description="score_chosen minus score_rejected")
    scorer: str = Field(description="the first one: whose scores score_chosen and score_rejected are")
    scores: list[PairScore] = Field(description="by every scorer, in the dataset's order")
    verdict: Literal["kept", "dropped"]
    reason: str | None
    review: Literal["accepted", "rejected", "swapped", "edited"] | None = Field(description="a person's word")
    duplicate_of: str | None = Field(description="the pair that it repeats")
    similarity: float | None = Field(description="to the pair that it repeats, 1.0 word for word")
    guard: bool
    tags: dict[str, Any]
    engine: str = Field(description="the teacher's engine; import for pairs from a file")
    model_fingerprint: str = Field(description="SHA-256 of the teacher's weights and configs, or of the file")
    template_hash: str = Field(description="of the chat template the turns were rendered with")
    seed: int = Field(description="of the chain; each turn derives its own by name")
    created_at: datetime


def show_pair(row: AnyRow) -> PairObject:
    """A (Pair, Prompt, Chain, behavior) row as the caller sees it."""
    pair, prompt, chain, behavior = row
    scored = pair.score_chosen is not None and pair.score_rejected is not None
    return PairObject(
        id=pair.id,
        dataset=pair.dataset_id,
        behavior=behavior,
        prompt_index=prompt.index,
        sample=chain.sample,
        split=pair.split,
        prompt=prompt.messages,
        context=None if chain.context == prompt.messages else chain.context,
        chosen=pair.chosen,
        rejected=pair.rejected,
        critique=chain.critique,
        score_chosen=pair.score_chosen,
        score_rejected=pair.score_rejected,
        margin=pair.score_chosen - pair.score_rejected if scored else None,
        scorer=pair.scorer,
        scores=[
            PairScore(scorer=one.scorer, purpose=one.purpose, chosen=one.both.chosen, rejected=one.both.rejected)
            for one in score_columns.of_pair(pair)
        ],
        verdict=pair.verdict,
        reason=pair.reason,
        review=pair.review,
        duplicate_of=pair.duplicate_of,
        similarity=pair.similarity,
        guard=prompt.guard,
        tags=prompt.tags,
        engine=chain.engine,
        model_fingerprint=chain.model_fingerprint,
        template_hash=chain.template_hash,
        seed=chain.seed,
        created_at=pair.created_at,
    )


class FailureObject(Object):
    """A chain that became no pair, or a prompt that was taken out: at which turn, and why."""

    object: Literal["failure"] = "failure"
    kind: Literal["chain", "prompt"] = Field(description="a failed chain, or a quarantined prompt")
    prompt_index: int
    sample: int | None
    turn: str | None = Field(description="draft, critique or revision", examples=["revision"])
    reason: str = Field(examples=["truncated"])
    prompt: list[dict[str, str]]
    draft: str | None
    critique: str | None
    revision: str | None
    created_at: datetime | None


def show_failed_chain(chain: Chain, prompt: Prompt) -> FailureObject:
    """A failed chain, with the turns it got to."""
    return FailureObject(
        id=f"chain_{chain.id}",
        kind="chain",
        prompt_index=prompt.index,
        sample=chain.sample,
        turn=chain.failure_turn,
        reason=chain.failure_reason or "unknown",
        prompt=prompt.messages,
        draft=chain.draft,
        critique=chain.critique,
        revision=chain.revision,
        created_at=chain.created_at,
    )


def show_quarantined(prompt: Prompt) -> FailureObject:
    """A prompt that failed too often, with its last error."""
    return FailureObject(
        id=f"prompt_{prompt.id}",
        kind="prompt",
        prompt_index=prompt.index,
        sample=None,
        turn=None,
        reason=prompt.error or "unknown",
        prompt=prompt.messages,
        draft=None,
        critique=None,
        revision=None,
        created_at=prompt.quarantined_at,
    )
