"""Where prompts come from when they are neither the behavior's own nor in the request."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from core.configs.config import Config
from core.configs.names import FileId, SecretName

Topic = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Column = Annotated[str, Field(min_length=1, max_length=200)]


class FileSource(Config):
    """An uploaded file of prompts (`POST /files`)."""

    kind: Literal["file"]
    file: FileId


class DatasetSource(Config):
    """The prompts of a finished dataset of this project."""

    kind: Literal["dataset"]
    dataset: str = Field(min_length=1, max_length=100)
    kept: bool = Field(False, description="only prompts of which a pair was kept")


class HubSource(Config):
    """A dataset of the Hugging Face hub, read from its parquet files; no code of it is run."""

    kind: Literal["hub"]
    repo: str = Field(
        pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$", max_length=200, description="owner/name on the hub"
    )
    subset: str = Field("default", max_length=200)
    split: str = Field("train", max_length=200)
    revision: str | None = Field(None, max_length=200, description="left out: the hub's own conversion to parquet")
    column: Column = Field("prompt", description="text, or a list of messages")
    secret: SecretName | None = Field(None, description="name of the secret that holds a token of the hub")

    @field_validator("repo")
    @classmethod
    def _name(cls, repo: str) -> str:
        if ".." in repo or "--" in repo or repo.endswith((".git", "-", ".")):
            raise ValueError("is no name on the hub: owner/name")
        return repo


class ParquetSource(Config):
    """A parquet file, or a folder of them, under a data root of the operator."""

    kind: Literal["parquet"]
    path: str = Field(min_length=1, max_length=1_000)
    column: Column = Field("prompt", description="text, or a list of messages")


class TopicSource(Config):
    """Prompts that the teacher writes itself, topic by topic; what is almost there already is left out."""

    kind: Literal["topics"]
    topics: tuple[Topic, ...] = Field(min_length=1, max_length=10_000)
    per_topic: int = Field(10, ge=1, le=1_000, description="prompts to write for each topic")
    instruction: str | None = Field(None, max_length=5_000, description="what the prompts should be like")
    near: float = Field(0.8, gt=0, lt=1, description="similarity from which a written prompt counts as there already")


Source = Annotated[FileSource | DatasetSource | HubSource | ParquetSource | TopicSource, Field(discriminator="kind")]
