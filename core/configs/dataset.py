"""What `POST /datasets` asks for."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from core.configs.behavior import BehaviorName, PromptSpec
from core.configs.budget import BudgetConfig
from core.configs.config import Config
from core.configs.filters import FilterConfig
from core.configs.names import FileId, Metadata
from core.configs.reward import RewardConfig
from core.configs.source import Source
from core.configs.strategy import CounterfactualConfig
from core.configs.teacher import TeacherConfig


def as_tuple(value: object) -> object:
    """One behavior or scorer, without the brackets of a list."""
    return (value,) if isinstance(value, str | dict | RewardConfig) else value


def _distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) != len(value):
        raise ValueError("a behavior is named twice")
    return value


def distinct_scorers(value: tuple[RewardConfig, ...]) -> tuple[RewardConfig, ...]:
    """The scorers, if each has a name of its own and the first gives rewards."""
    names = [reward.scorer for reward in value]
    if len(set(names)) != len(names):
        raise ValueError("two scorers would store their scores under one name; give one of them a label")
    if value and value[0].purpose == "cost":
        raise ValueError("the first scorer gives rewards; put costs behind it")
    return value


class SplitConfig(Config):
    """How prompts are dealt into splits; no prompt is in two."""

    validation: float = Field(0.05, ge=0, lt=1, description="share of prompts kept out of training")


class DatasetConfig(Config):
    """A dataset: behaviors, teacher, reward, how many prompts."""

    behavior: Annotated[
        tuple[BehaviorName, ...],
        BeforeValidator(as_tuple),
        AfterValidator(_distinct),
        Field(max_length=20),
    ] = Field(description="one behavior, or several; imported pairs may have none")
    teacher: TeacherConfig = TeacherConfig()
    reward: Annotated[
        tuple[RewardConfig, ...],
        BeforeValidator(as_tuple),
        AfterValidator(distinct_scorers),
        Field(min_length=1, max_length=16),
    ] = Field((RewardConfig(),), description="one scorer, or several; the first one's scores stand on the pairs")
    strategy: Literal["self_critique", "counterfactual", "import"] = "self_critique"
    counterfactual: CounterfactualConfig | None = Field(None, description="for the strategy counterfactual")
    pairs: FileId | None = Field(None, description="for the strategy import, which POST /datasets/import asks for")
    rounds: int = Field(1, ge=1, le=8, description="times that critique and revision follow the draft")
    best_of: int = Field(
        1, ge=1, le=16, description="revisions in the last round; the best by the first scorer is chosen"
    )
    n_prompts: int | None = Field(None, ge=1, description="prompts over all behaviors; left out: every prompt there is")
    prompts: tuple[PromptSpec, ...] | None = Field(None, min_length=1, description="instead of the behavior's own")
    source: Source | None = Field(None, description="where prompts come from, instead of the behavior's own")
    wrappers: bool = Field(
        False,
        description="wrap prompts in the behavior's templates: those of training here, both sets in the evaluation",
    )
    samples_per_prompt: int = Field(1, ge=1, le=64)
    filters: FilterConfig = FilterConfig()
    split: SplitConfig = SplitConfig()
    budget: BudgetConfig = BudgetConfig()
    cache: bool = Field(True, description="reuse turns that the same model was asked for before, and keep new ones")
    seed: int = Field(0, ge=0, lt=2**63)
    metadata: Metadata

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.prompts is not None and self.source is not None:
            raise ValueError("give either prompts or source, not both")
        if self.prompts is not None and self.n_prompts is not None:
            raise ValueError("n_prompts chooses from the behavior's prompts; leave it out when prompts are given")
        if (self.prompts or self.source) is not None and len(self.behavior) > 1:
            raise ValueError("prompts of your own go with one behavior")
        return self

    @model_validator(mode="after")
    def _some_behavior(self) -> Self:
        if not self.behavior and self.strategy != "import":
            raise PydanticCustomError("too_short", "name at least one behavior", {"field": "behavior"})
        return self

    @model_validator(mode="after")
    def _one_strategy(self) -> Self:
        if (self.strategy == "counterfactual") != (self.counterfactual is not None):
            raise ValueError("counterfactual and the strategy counterfactual go together")
        if (self.strategy == "import") != (self.pairs is not None):
            raise ValueError("pairs and the strategy import go together; POST /datasets/import sets both")
        if self.strategy != "import" and any(reward.kind == "given" for reward in self.reward):
            raise ValueError("a reward of kind given goes with imported pairs")
        if self.strategy != "self_critique" and (self.rounds > 1 or self.best_of > 1):
            raise ValueError("rounds and best_of go with the strategy self_critique")
        return self

    @property
    def scorer(self) -> str:
        """The first scorer: its scores stand on the pairs."""
        return self.reward[0].scorer

    def early_scorers(self, *, apart: bool) -> list[str]:
        """Scorers that rate drafts while the critiques are written: they and the teacher share no device.

        A rule, and a judge behind an endpoint, needs none; `apart` says that no scorer shares one, whatever its engine.
        """
        if self.strategy != "self_critique":
            return []
        every = apart or self.teacher.engine == "openai"
        rating = (reward for reward in self.reward if not reward.pairwise)
        return [reward.scorer for reward in rating if every or not reward.has_engine]
