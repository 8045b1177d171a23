"""Where a pair comes from: every turn, every score, and what decided them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, cast

from pydantic import BaseModel, Field

from api.schemas.pair import PairObject, show_pair
from core.configs.dataset import DatasetConfig
from core.configs.sampling import Sampling
from core.queries.rows import AnyRow
from core.seeds import derive_seed
from core.tables import Chain, Score

TURNS = ("draft", "critique", "revision")
Kind = Literal["draft", "critique", "revision"]


class TurnObject(BaseModel):
    """One turn of the teacher."""

    name: str = Field(description="draft, critique, revision; earlier rounds end in .r1, further candidates in .1")
    text: str
    finish: str | None
    tokens: int
    sampling: Sampling
    seed: int


class ScoreObject(BaseModel):
    """What one scorer gave to one answer of the chain."""

    scorer: str
    purpose: Literal["reward", "cost"]
    answer: str = Field(description="the turn that was scored")
    value: float | None
    missing: str | None = Field(description="why there is no value")
    raw: str | None = Field(description="what a judge said")
    fingerprint: str = Field(description="of what decided the score")


class Provenance(BaseModel):
    """Everything that decided a pair."""

    engine: str
    model: str | None = Field(description="null for imported pairs")
    model_fingerprint: str
    template_hash: str
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
    hits: int = Field(description="turns served by the cache of turns")
    usd: float
    seconds: float
    created_at: datetime


class PairDetail(PairObject):
    """A pair with its provenance."""

    provenance: Provenance


def show_detail(row: AnyRow, config: DatasetConfig, scores: Sequence[Score]) -> PairDetail:
    """A (Pair, Prompt, Chain, behavior) row with the scores of its chain."""
    pair, prompt, chain, _ = row
    purposes = {reward.scorer: reward.purpose for reward in config.reward}
    return PairDetail(
        **show_pair(row).model_dump(),
        provenance=Provenance(
            engine=chain.engine,
            model=config.teacher.model if config.pairs is None else None,
            model_fingerprint=chain.model_fingerprint,
            template_hash=chain.template_hash,
            seed=chain.seed,
            attempt=chain.attempt,
            turns=list(_turns(chain, config)),
            scores=[_score(score, purposes.get(score.scorer, "reward")) for score in scores],
            chosen_answer=pair.chosen_answer,
            rejected_answer=pair.rejected_answer,
            context=chain.context or prompt.messages,
            wrapper=prompt.wrapper,
            distribution=prompt.distribution,
            plain=prompt.plain,
            prompt_tokens=chain.prompt_tokens,
            cached_tokens=chain.cached_tokens,
            hits=chain.hits,
            usd=chain.usd,
            seconds=chain.seconds,
            created_at=chain.created_at,
        ),
    )


def _turns(chain: Chain, config: DatasetConfig) -> Iterator[TurnObject]:
    """The draft, earlier rounds and further candidates, then the last critique and revision."""
    own = {
        name: {
            "name": name,
            "text": getattr(chain, name),
            "finish": getattr(chain, f"{name}_finish"),
            "tokens": getattr(chain, f"{name}_tokens"),
        }
        for name in TURNS
        if getattr(chain, name) is not None
    }
    told = [own.get("draft"), *chain.more, own.get("critique"), own.get("revision")]
    for turn in filter(None, told):
        kind = cast(Kind, turn["name"].partition(".")[0])
        yield TurnObject(
            name=turn["name"],
            text=turn["text"],
            finish=turn["finish"],
            tokens=turn["tokens"],
            sampling=config.teacher.sampling_of(kind),
            seed=derive_seed(chain.seed, turn["name"]),
        )


def _score(score: Score, purpose: Literal["reward", "cost"]) -> ScoreObject:
    return ScoreObject(
        scorer=score.scorer,
        purpose=purpose,
        answer=score.answer or "",
        value=score.value,
        missing=score.missing,
        raw=score.raw,
        fingerprint=score.fingerprint,
    )
