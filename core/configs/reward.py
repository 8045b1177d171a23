"""Who scores: a sequence-classification model, an LLM judge with the behavior's rubric, or a named rule."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from core.configs.config import Config
from core.configs.names import ModelName, SecretName
from core.configs.sampling import Sampling
from core.configs.teacher import BaseUrl, ModelConfig

Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]


class RewardConfig(Config):
    """One scorer. `purpose` cost: a higher value is worse, as constrained methods read it."""

    kind: Literal["classifier", "judge", "rule", "given"] = Field(
        "classifier",
        description="given: the scores that came with imported pairs, or those of the scorer that the label names",
    )
    engine: Literal["auto", "transformers", "vllm", "openai"] = Field(
        "auto", description="of a classifier: transformers unless vllm is named; of a judge: as for a teacher"
    )
    model: ModelName | None = Field(None, description="for a classifier or a judge; the default when left out")
    base_url: BaseUrl | None = Field(None, description="for a judge behind an OpenAI-compatible endpoint")
    secret: SecretName | None = Field(None, description="for a judge: the name of the secret that holds the API key")
    rule: str | None = Field(None, max_length=100, description="for a rule: its name")
    pairwise: bool = Field(
        False, description="for a judge: compare draft and revision in both orders instead of rating each"
    )
    sampling: Sampling = Field(Sampling(temperature=0.0), description="for a judge: how its verdicts are sampled")
    purpose: Literal["reward", "cost"] = Field("reward", description="cost: a higher value is worse")
    label: Label | None = Field(None, description="a name of your own for the scores; else it follows from the rest")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "rule":
            if self.rule is None or self.model is not None:
                raise ValueError("a reward of kind rule needs rule, and takes no model")
        elif self.rule is not None:
            raise ValueError(f"a reward of kind {self.kind} takes no rule")
        if self.kind == "given" and self.model:
            raise ValueError("a reward of kind given takes no model")
        if self.kind != "judge" and (self.pairwise or self.base_url or self.secret or self.engine == "openai"):
            raise ValueError("pairwise, base_url, secret and the engine openai go with a reward of kind judge")
        if self.kind == "judge":
            self.judge  # noqa: B018 - raises what is wrong with engine, base_url and secret
        return self

    @property
    def scorer(self) -> str:
        """The name the scores are stored under: the label, or `classifier:<model>`, `judge:<model>`, `rule:<rule>`."""
        if self.label is not None:
            return self.label
        if self.kind == "given":
            return "given"
        kind = "pairwise" if self.pairwise else self.kind
        return f"{kind}:{self.model or self.rule}"

    @property
    def names(self) -> tuple[str, ...]:
        """Under what the operator's settings may know its model."""
        return self.judge.names if self.kind == "judge" else (self.model,) if self.model else ()

    @property
    def has_engine(self) -> bool:
        """Whether a model is loaded for it here: rules, given scores and endpoints need none."""
        return self.kind in ("classifier", "judge") and self.engine != "openai"

    @property
    def judge(self) -> ModelConfig:
        """The model behind a judge."""
        return ModelConfig(engine=self.engine, model=self.model, base_url=self.base_url, secret=self.secret)
