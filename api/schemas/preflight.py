"""What a dry run found, as the caller sees it."""

from typing import Any

from pydantic import BaseModel, Field

from api.schemas.estimate import Interval


class LengthsObject(BaseModel):
    """Tokens of one part of the pairs."""

    sum: int
    median: float
    p95: int = Field(description="the least length that 95 of 100 do not exceed")
    longest: int


class SplitTokensObject(BaseModel):
    """Tokens of the pairs of a split that are trained on, or validated with."""

    prompt: LengthsObject
    chosen: LengthsObject
    rejected: LengthsObject
    row: LengthsObject = Field(description="a prompt with the longer of its answers: what max_length bounds")


class LeftOutObject(BaseModel):
    """Pairs that are not trained on, for one reason."""

    pairs: int
    examples: list[dict[str, Any]] = Field(description="the first ones: id, and their tokens where they are too long")


class MismatchesObject(BaseModel):
    """Answers that the chat template does not render as what follows the prompt; they are encoded on their own."""

    answers: int
    examples: list[dict[str, Any]] = Field(description="the first ones: id of the pair, and side")


class PartsObject(BaseModel):
    """Bytes by what holds them."""

    process: int = Field(description="before the student is loaded, on a CPU")
    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    reference: int = Field(description="none: its log-probs are computed before, by the same weights")
    total: int


class MemoryObject(BaseModel):
    """Bytes of one process, at its peak; `measured_peak` is that of the probing steps, the heaviest among them."""

    estimated: PartsObject
    measured_peak: int | None = Field(description="null where a probing step did not fit")
    room: int = Field(description="free before the student was loaded")
    fits: bool


class SecondsObject(BaseModel):
    """Seconds of the run's parts, after those of the probing steps; the evaluation is not among them."""

    prepare: float = Field(description="loading the student and reading the pairs, as it was measured")
    reference: float = Field(description="log-probs under the reference that no earlier run has computed")
    validation: float = Field(description="all validations, if no early stop ends the training before")
    pair_losses: float = Field(0.0, description="the pass over both splits that notes loss and margin of every pair")
    training: Interval | None = Field(description="bounds: the quickest and the slowest probing step; null without one")
    step: float | None


class WarningObject(BaseModel):
    """What a practitioner would say."""

    code: str = Field(examples=["learning_rate"])
    param: str | None = Field(description="the field it is about")
    message: str


class PreflightObject(BaseModel):
    """The report of a dry run: what training would read, take and risk."""

    pairs: dict[str, int]
    tokens: dict[str, SplitTokensObject] = Field(description="by split")
    max_length: dict[str, int] = Field(description="as asked, and what 95 of 100 of the offered pairs, or all, need")
    left_out: dict[str, LeftOutObject] = Field(description="by reason; answers are never cut")
    boundary_mismatches: MismatchesObject
    steps: dict[str, float]
    prompts: dict[str, Any] = Field(description="whether both answers of a pair share its prompt, and if not, why")
    memory: MemoryObject
    seconds: SecondsObject
    student: dict[str, Any]
    probes: list[dict[str, float | None]]
    warnings: list[WarningObject]
