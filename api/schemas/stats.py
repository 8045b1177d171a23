"""What became of a dataset's chains, in numbers."""

from pydantic import BaseModel, Field


class ScoreBins(BaseModel):
    """Counts of scores between consecutive edges."""

    edges: list[float]
    draft: list[int]
    revision: list[int]


class MarginBins(BaseModel):
    """Counts of revision minus draft between consecutive edges."""

    edges: list[float]
    counts: list[int]


class StatsObject(BaseModel):
    """Histograms of a dataset; empty lists while nothing is scored."""

    object: str = "dataset.stats"
    scorer: str | None = Field(description="whose scores these are")
    scores: ScoreBins
    margins: MarginBins


class FunnelObject(BaseModel):
    """How many chains came through each gate."""

    object: str = "dataset.funnel"
    gathered: int = Field(0, description="prompts or pairs that a source held, or that were written for topics")
    left_out: int = Field(0, description="those of the source that were left out, and those that topics came short of")
    asked: int = Field(description="prompts times samples")
    produced: int = Field(description="chains that ended, well or badly")
    parsed: int = Field(description="chains with a draft, a critique and a revision")
    scored: int = Field(description="pairs with both scores; fewer than `distinct` where scores are missing")
    distinct: int = Field(
        description="pairs whose two answers differ and that repeat no earlier pair, as far as the filters look for it"
    )
    kept: int = Field(description="pairs that every filter and every reviewer let through")
    dropped: dict[str, int] = Field(description="dropped pairs by the filter's name", examples=[{"identical": 12}])
    failed: dict[str, int] = Field(description="failed chains by turn and reason", examples=[{"draft truncated": 3}])
    quarantined: int = Field(description="prompts that were taken out")
