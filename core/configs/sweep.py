"""A run that is asked for with a grid: several runs that differ in the swept fields alone."""

from typing import Annotated, Any

from pydantic import Field, JsonValue

from core.configs.run import RunConfig

SweptPath = Annotated[str, Field(min_length=1, max_length=200)]
Grid = dict[SweptPath, list[JsonValue]]


class RunRequest(RunConfig):
    """What `POST /runs` takes: a run, and with a grid one run for each combination of its values."""

    grid: Annotated[Grid, Field(min_length=1, max_length=16)] | None = Field(
        None,
        description="values by the dotted path of a field, laid over the other fields; makes a sweep of runs",
        examples=[{"training.learning_rate": [1e-5, 5e-5], "method.beta": [0.05, 0.1]}],
    )

    @property
    def config(self) -> RunConfig:
        """The run without its grid; what was left out counts as left out there too."""
        said: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set - {"grid"}}
        return RunConfig.model_validate(said)
