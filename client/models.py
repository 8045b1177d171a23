"""What the server answers, typed. Fields this client does not know are kept (`model_extra`) and shown by `--json`."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Frozen; unknown fields are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Counts(Answer):
    """Rows to make, made, and given up."""

    total: int
    completed: int
    failed: int


class Remaining(Answer):
    """Seconds until the end, with an interval."""

    seconds: float
    low: float
    high: float


class Scorer(Answer):
    """One of a dataset's scorers, and what came of it."""

    name: str
    kind: str
    purpose: str
    minimum: float | None
    maximum: float | None
    mean: float | None
    sd: float | None
    count: int | None
    missing: int | None


class Dataset(Answer):
    """A dataset."""

    id: str
    status: str
    config: dict[str, Any]
    request_counts: Counts
    stages: dict[str, Counts]
    pairs: dict[str, Any] | None
    scorers: list[Scorer] | None = None
    tokens: int
    prompt_tokens: int = 0
    cache_hits: int = 0
    waiting: str | None = None
    stopped: str | None = None
    seconds_remaining: Remaining | None
    error: str | None
    created_at: datetime


class Interval(Answer):
    """An expected number with its bounds."""

    expected: float
    low: float
    high: float


class Writing(Answer):
    """What the teacher would take to write the prompts itself; without numbers while that is unknown."""

    basis: str
    prompts: int
    prompt_tokens: Interval | None
    sampled_tokens: Interval | None
    usd: Interval | None


class Cached(Answer):
    """Of the turns of some chains of a dataset, how many the cache holds already."""

    chains: int
    turns: int
    hits: int


class Estimate(Answer):
    """What a dataset would take."""

    basis: str
    measured_chains: int
    chains: int
    judge_calls: int = 0
    writing: Writing | None = None
    cached: Cached | None = None
    prompt_tokens: Interval
    sampled_tokens: Interval
    seconds: Interval | None
    scoring_seconds: Interval | None = None
    untimed: list[str] = []
    usd: Interval | None
    unpriced: list[str] = []
    exceeds: list[str]


class Secret(Answer):
    """A secret: never its value."""

    id: str
    created_at: datetime
    updated_at: datetime


class File(Answer):
    """An uploaded file."""

    id: str
    purpose: str
    format: str
    filename: str
    bytes: int
    rows: int
    sha256: str
    created_at: datetime


class Push(Answer):
    """A dataset on its way to the hub."""

    id: str
    dataset: str
    repo: str
    status: str
    url: str | None
    error: str | None


class Cache(Answer):
    """What the cache of turns holds."""

    turns: int
    bytes: int
    hits: int


class PairScore(Answer):
    """What one scorer gave to the two sides."""

    scorer: str
    purpose: str
    chosen: float | None
    rejected: float | None


class Pair(Answer):
    """A pair."""

    id: str
    behavior: str | None
    split: str
    prompt: list[dict[str, str]]
    chosen: str
    rejected: str
    critique: str | None
    score_chosen: float | None
    score_rejected: float | None
    margin: float | None
    scores: list[PairScore] = []
    verdict: str
    reason: str | None
    duplicate_of: str | None = None
    similarity: float | None = None
    engine: str


class Warned(Answer):
    """What a practitioner would say of a run."""

    code: str
    param: str | None
    message: str


class Preflight(Answer):
    """What a dry run found."""

    pairs: dict[str, int]
    tokens: dict[str, dict[str, dict[str, float]]]
    max_length: dict[str, int]
    left_out: dict[str, dict[str, Any]]
    boundary_mismatches: dict[str, Any]
    steps: dict[str, float]
    memory: dict[str, Any]
    seconds: dict[str, Any]
    warnings: list[Warned]


class Run(Answer):
    """A run."""

    id: str
    status: str
    dataset: str
    sweep: str | None = None
    config: dict[str, Any]
    step: int
    total_steps: int | None
    seconds_remaining: Remaining | None
    stages: dict[str, Counts] | None
    queue_position: int | None
    metrics: dict[str, float | None] | None
    facts: dict[str, Any]
    stopped: str | None = None
    dry_run: bool = False
    preflight: Preflight | None = None
    model: str | None
    error: str | None
    created_at: datetime


class RunPair(Answer):
    """A pair and what a run's tuned model makes of it."""

    id: str
    run: str
    split: str
    loss: float
    margin: float
    pair: Pair


class Evaluation(Answer):
    """Base and tuned on the held-out prompts."""

    id: str
    run: str
    status: str
    summary: dict[str, Any] | None
    samples: list[dict[str, Any]]


class Distillation(Answer):
    """A distillation with its dataset and run."""

    id: str
    status: str
    config: dict[str, Any]
    dataset: str
    run: str | None
    dataset_object: Dataset | None
    run_object: Run | None
    error: str | None
    created_at: datetime


class Behavior(Answer):
    """A behavior without its prompts."""

    id: str
    name: str
    version: int
    title: str
    description: str
    prompts: int
    evaluation_prompts: int


class Model(Answer):
    """A model that can be named."""

    id: str
    source: str
    kind: str
    path: str


class Key(Answer):
    """A key; `key` holds its text in the answer that made it."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    key: str | None = None
