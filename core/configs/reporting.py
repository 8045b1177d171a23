"""Where the numbers of a run are told besides the ledger."""

from typing import Literal, Self

from pydantic import Field, model_validator

from core.configs.config import Config

ReporterName = Literal["tensorboard", "wandb", "mlflow"]


class ReportingConfig(Config):
    """Nowhere unless asked for. What may be named, and what is behind a name, the operator's settings say."""

    to: tuple[ReporterName, ...] = Field(
        (), max_length=3, description="where the run's numbers are told as well; left out: nowhere"
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.to)) < len(self.to):
            raise ValueError("a place is named twice; name each once")
        return self
