"""Who drafts, criticises and revises: a model in an engine of ours, or behind an OpenAI-compatible endpoint."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from core.configs.config import Config
from core.configs.names import ModelName, SecretName
from core.configs.sampling import Sampling

EngineName = Literal["auto", "vllm", "transformers", "openai"]
BaseUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$", max_length=2_000)]


class ModelConfig(Config):
    """A model that answers: its engine, and for an endpoint where it is and which secret opens it."""

    engine: EngineName = Field("auto", description="auto: vLLM where it is installed")
    model: ModelName | None = Field(
        None,
        description="a folder under a model root, the id of a run, a Hugging Face id, or the endpoint's name for it",
    )
    base_url: BaseUrl | None = Field(None, description="for openai: the endpoint, such as http://127.0.0.1:8001/v1")
    secret: SecretName | None = Field(None, description="for openai: the name of the secret that holds the API key")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.engine == "openai":
            if self.base_url is None or self.model is None:
                raise ValueError("the engine openai needs base_url and model")
        elif self.base_url is not None or self.secret is not None:
            raise ValueError("base_url and secret go with the engine openai")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Under what the operator's settings may know it: behind an endpoint `model@host`, before the model's name."""
        if self.model is None:
            return ()
        host = _host(self.base_url) if self.base_url else None
        return (self.model,) if host is None else (f"{self.model}@{host}", self.model)

    @property
    def key(self) -> str:
        """What a shard says about who is needed for it: the model, for an endpoint `openai|model|base_url|secret`."""
        if self.engine != "openai":
            return self.model or ""
        return "|".join((self.engine, self.model or "", self.base_url or "", self.secret or ""))


def shown(key: str | None) -> str | None:
    """A key for people to read: of an endpoint the model and the host. Which secret opens it is nobody's business."""
    if key is None or not key.startswith("openai|") or key.count("|") < 3:
        return key
    model, base_url, _ = key.removeprefix("openai|").rsplit("|", 2)
    return f"{model} at {urlsplit(base_url).netloc.rpartition('@')[2]}"


def _host(url: str) -> str:
    """Host and port of a URL in lower case; the usual port of its scheme is left out."""
    scheme, apart, rest = url.lower().partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    return host.removesuffix(":443" if scheme == "https" else ":80") if apart else host


class TurnSampling(Config):
    """Sampling of single turns; a turn left out is sampled as `sampling` says."""

    draft: Sampling | None = None
    critique: Sampling | None = None
    revision: Sampling | None = None


class TeacherConfig(ModelConfig):
    """The teacher of a dataset."""

    sampling: Sampling = Sampling()
    turns: TurnSampling = TurnSampling()

    def sampling_of(self, turn: Literal["draft", "critique", "revision"]) -> Sampling:
        """How a turn is sampled."""
        own: Sampling | None = getattr(self.turns, turn)
        return own or self.sampling
