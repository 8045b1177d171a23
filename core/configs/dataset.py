"""What `POST /datasets` asks for."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from core.configs.behavior import BehaviorName, PromptSpec
from core.configs.config import Config

Metadata = Annotated[dict[str, str], Field(default_factory=dict, max_length=16)]
ModelName = Annotated[str, Field(min_length=1, max_length=500)]


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) != len(value):
        raise ValueError("a behavior is named twice")
    return value


class Sampling(Config):
    """How an engine samples one answer."""

    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=0, le=100_000, description="0 means all")
    max_tokens: int = Field(512, ge=1, le=32_768)
    stop: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field((), max_length=8)


class TeacherConfig(Config):
    """Who drafts, criticises and revises."""

    engine: Literal["auto", "vllm", "transformers"] = Field("auto", description="auto: vLLM where it is installed")
    model: ModelName | None = Field(
        None, description="a folder under a model root, the id of a run, or a Hugging Face id"
    )
    sampling: Sampling = Sampling()


class RewardConfig(Config):
    """Who scores: a sequence-classification model, or a named rule."""

    kind: Literal["classifier", "rule"] = "classifier"
    engine: Literal["transformers", "vllm"] = "transformers"
    model: ModelName | None = Field(None, description="for a classifier; the default reward model when left out")
    rule: str | None = Field(None, max_length=100, description="for a rule: its name")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "rule" and (self.rule is None or self.model is not None):
            raise ValueError("a reward of kind rule needs rule, and takes no model")
        if self.kind == "classifier" and self.rule is not None:
            raise ValueError("a reward of kind classifier takes no rule")
        return self

    @property
    def scorer(self) -> str:
        """The name under which the scores are stored: `classifier:<model>` or `rule:<rule>`."""
        return f"{self.kind}:{self.model or self.rule}"


class FilterConfig(Config):
    """Which chains become kept pairs."""

    identical: bool = Field(True, description="drop pairs whose draft and revision are the same text")
    empty: bool = Field(True, description="drop pairs with an empty side")
    max_chars: int = Field(20_000, ge=1, description="drop pairs with a longer side, in characters")


class SplitConfig(Config):
    """How prompts are dealt into splits; no prompt is in two."""

    validation: float = Field(0.05, ge=0, lt=1, description="share of prompts kept out of training")


class DatasetConfig(Config):
    """A dataset: behaviors, teacher, reward, how many prompts."""

    behavior: Annotated[
        tuple[BehaviorName, ...],
        BeforeValidator(_as_tuple),
        AfterValidator(_distinct),
        Field(min_length=1, max_length=20),
    ]
    teacher: TeacherConfig = TeacherConfig()
    reward: RewardConfig = RewardConfig()
    strategy: Literal["self_critique"] = "self_critique"
    n_prompts: int | None = Field(None, ge=1, description="prompts over all behaviors; left out: every prompt there is")
    prompts: tuple[PromptSpec, ...] | None = Field(None, min_length=1, description="instead of the behavior's own")
    samples_per_prompt: int = Field(1, ge=1, le=64)
    filters: FilterConfig = FilterConfig()
    split: SplitConfig = SplitConfig()
    seed: int = Field(0, ge=0, lt=2**63)
    metadata: Metadata

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.prompts is not None and self.n_prompts is not None:
            raise ValueError("n_prompts chooses from the behavior's prompts; leave it out when prompts are given")
        if self.prompts is not None and len(self.behavior) > 1:
            raise ValueError("prompts of your own go with one behavior")
        return self
