"""The places there are. Each is a module beside this one, which is run as a process: `python -m`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from core.configs.reporting import ReporterName
from core.settings import settings


@dataclass(frozen=True)
class Place:
    """A place by its title; `package` is its client's, which may not be installed.

    `environment` keeps the client from telling its makers anything.
    """

    title: str
    package: str
    module: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def lack(self) -> str | None:
        """Why nothing can be told here, with the remedy; None when nothing is missing."""
        if find_spec(self.package) is None:
            return "its client is not installed where the training runs; install the extra `reporting` there"
        return None

    def secrets(self) -> dict[str, str]:
        """What its client finds in its environment."""
        key = settings().wandb_api_key
        return {"WANDB_API_KEY": key.get_secret_value()} if self.package == "wandb" and key is not None else {}


PLACES: Mapping[ReporterName, Place] = {
    "tensorboard": Place("TensorBoard", "tensorboard", "trainer.reporting.tensorboard"),
    "wandb": Place("Weights & Biases", "wandb", "trainer.reporting.wandb", {"WANDB_ERROR_REPORTING": "false"}),
    "mlflow": Place("MLflow", "mlflow", "trainer.reporting.mlflow", {"MLFLOW_DISABLE_TELEMETRY": "true"}),
}


def closed(name: ReporterName) -> str | None:
    """Why a run may not report to a place, whatever the door let through; None when it may."""
    if name not in settings().reporters:
        return "it is not opened where the training runs; name it in BURNISH_REPORTERS there"
    return PLACES[name].lack()
