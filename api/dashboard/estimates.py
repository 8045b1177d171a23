"""The estimate beside the form, as POST /estimates makes it, or what the form still lacks."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from api.auth import Caller
from api.checks.dataset import check_dataset
from api.dashboard.refusal import refusal
from api.estimate import estimate, sized
from api.schemas.estimate import EstimateObject
from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.errors import BadInput
from core.queries import estimates


@dataclass(frozen=True)
class Guess:
    """An estimate, or why there is none."""

    estimate: EstimateObject | None
    said: str


def guess(caller: Caller, dataset: dict[str, Any]) -> Guess:
    """What the dataset of a form would take."""
    if not dataset["behavior"]:
        return Guess(None, "Choose a behavior to see what it takes.")
    try:
        config = DatasetConfig.model_validate(dataset)
        with transaction() as session:
            checked = check_dataset(session, caller.project_id, config, at="dataset.")
            grounds = estimates.grounds(session, caller.project_id, checked.config, checked.behaviors)
            return Guess(estimate(checked.config, sized(checked.config, checked.behaviors), grounds), "")
    except ValidationError as error:
        return Guess(None, refusal(error, dataset).message)
    except BadInput as error:
        return Guess(None, error.message)
