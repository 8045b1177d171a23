"""A dataset as the caller sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.counts import Counts, PairCounts, Remaining
from api.schemas.page import Object
from api.schemas.scorer import ScorerObject, show_scorer
from core.configs.dataset import DatasetConfig
from core.states import ENDED
from core.tables import Dataset, Scorer

MOMENTS = ("created_at", "in_progress_at", "finalizing_at", "completed_at", "failed_at", "cancelled_at", "paused_at")
STAGES = ("generate", "score", "pair")
SOURCES = ("gather", "grow")
LAST = "sift"


class BehaviorVersion(BaseModel):
    """Which version of a behavior was used."""

    id: str
    name: str
    version: int


class DatasetObject(Object):
    """What was asked (`config`, complete), and how far it is."""

    object: Literal["dataset"] = "dataset"
    id: str = Field(examples=["ds_01kfw3v8x2m4c9t7q0r5b6n1za"])
    status: str = Field(examples=["in_progress"])
    behaviors: list[BehaviorVersion]
    config: DatasetConfig
    request_counts: Counts = Field(
        description="chains: one for each prompt and sample; the total grows while prompts are still read or written"
    )
    stages: dict[str, Counts] = Field(
        description="generate (of imported pairs: read), score and pair, each with its own counts; before them gather "
        "(prompts are read from a source) or grow (the teacher writes them), behind them sift (filters over the whole "
        "dataset; where pairs are compared with each other that is the second half)"
    )
    pairs: PairCounts | None = Field(description="left out (null) in lists")
    scorers: list[ScorerObject] | None = Field(description="the first one's scores stand on the pairs; null in lists")
    tokens: int = Field(description="tokens that teacher and judges have sampled")
    prompt_tokens: int = Field(description="tokens that they have read")
    usd: float = Field(description="what these cost, by the prices in the operator's model settings")
    cache_hits: int = Field(description="turns that were taken from the cache")
    waiting: str | None = Field(description="what the work waits for, with nobody to blame")
    stopped: Literal["tokens", "usd", "seconds"] | None = Field(description="the budget that ended it")
    seconds_remaining: Remaining | None = Field(
        description="of the stage that takes longest; null before the first row of a stage that is open, and at the end"
    )
    error: str | None
    metadata: dict[str, str]
    created_at: datetime
    in_progress_at: datetime | None
    finalizing_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    paused_at: datetime | None


def show_dataset(
    row: Dataset,
    progress: dict[str, Any],
    pairs: dict[str, int] | None = None,
    scorers: Sequence[Scorer] | None = None,
) -> DatasetObject:
    """A row as the caller sees it, with what its shards have counted."""
    stages = _stages(row, progress["stages"])
    return DatasetObject.model_validate(
        {
            "id": row.id,
            "status": row.state,
            "behaviors": row.behaviors,
            "config": row.config,
            "request_counts": stages["generate"],
            "stages": stages,
            "pairs": pairs and show_pair_counts(pairs),
            "scorers": None if scorers is None else [show_scorer(scorer) for scorer in scorers],
            "tokens": progress["tokens"],
            "prompt_tokens": progress["prompt_tokens"],
            "usd": progress["usd"],
            "cache_hits": progress["hits"],
            "waiting": progress["waiting"],
            "stopped": row.stopped,
            "seconds_remaining": None if row.state in ENDED else _slowest(row, stages, progress["seconds"]),
            "error": row.error,
            "metadata": row.config["metadata"],
        }
        | {moment: getattr(row, moment) for moment in MOMENTS}
    )


def show_pair_counts(counts: dict[str, int]) -> PairCounts:
    """Counts by verdict and by reason."""
    reasons = {key.removeprefix("dropped:"): number for key, number in counts.items() if key.startswith("dropped:")}
    return PairCounts(
        kept=counts["kept"], dropped=counts["dropped"], dropped_by_reason=reasons, scored=counts["scored"]
    )


def _stages(row: Dataset, counted: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Counts of each stage; a later stage is asked for every chain that has not failed, begun or not."""
    imported = row.config["pairs"] is not None
    if imported:  # they are read, not generated
        counted = {"generate": counted["gather"]} | {one: counted[one] for one in (*STAGES, LAST) if one in counted}
    before = _sources(row, counted)
    coming = max((stage["total"] - stage["failed"] for stage in before.values()), default=0)
    prompts = row.n_prompts if row.state in ENDED else max(row.n_prompts, coming)
    chains = prompts * int(row.config["samples_per_prompt"])
    stages = {stage: counted.get(stage, {"total": 0, "completed": 0, "failed": 0}) for stage in STAGES}
    stages["generate"] = stages["generate"] | {"total": max(chains, stages["generate"]["total"])}
    if row.state not in ENDED:
        coming = chains - stages["generate"]["failed"]
        asked = STAGES[1:] if not imported or _scored_anew(row) else STAGES[2:]
        later = {stage: stages[stage] | {"total": max(coming, stages[stage]["total"])} for stage in asked}
        stages |= later
    after = {LAST: counted[LAST]} if LAST in counted else {}
    return before | stages | after


def _sources(row: Dataset, counted: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Prompts that are read or written first; topics that no shard holds yet are still to come."""
    found = {stage: counted[stage] for stage in SOURCES if stage in counted}
    if "grow" in found and row.state not in ENDED:
        source = row.config["source"]
        every = len(source["topics"]) * source["per_topic"]
        total = min(row.config["n_prompts"] or every, every) + found["grow"]["failed"]
        found["grow"] = found["grow"] | {"total": max(min(total, every), found["grow"]["total"])}
    return found


def _scored_anew(row: Dataset) -> bool:
    """Whether a scorer works, rather than that every score came with the pairs."""
    return any(reward["kind"] != "given" for reward in row.config["reward"])


def _slowest(row: Dataset, stages: dict[str, dict[str, int]], seconds: dict[str, float]) -> Remaining | None:
    """What the slowest open stage has still to take, each by its own pace; scores are counted once for each scorer."""
    scorers = sum(reward["kind"] != "given" for reward in row.config["reward"])
    chains = stages["generate"]["total"] - stages["generate"]["failed"]
    asked = stages | {"score": stages["score"] | {"total": max(stages["score"]["total"], chains * scorers)}}
    told = seconds | (
        {"generate": seconds["gather"]} if row.config["pairs"] is not None and "gather" in seconds else {}
    )
    found = [remaining(counts, told.get(stage)) for stage, counts in asked.items()]
    return max((left for left in found if left is not None), key=lambda left: left.seconds, default=None)


def remaining(counts: dict[str, int], seconds: float | None) -> Remaining | None:
    """From the pace so far; the interval is that of a Poisson count, two standard deviations wide."""
    done = counts["completed"] + counts["failed"]
    left = counts["total"] - done
    if not seconds or not done or left <= 0:
        return None
    pace = seconds / done
    spread = min(2 / done**0.5, 0.9)
    return Remaining(seconds=pace * left, low=pace * left * (1 - spread), high=pace * left * (1 + spread))
