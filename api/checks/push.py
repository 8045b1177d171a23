"""A push as asked for: a dataset that has something to show, and a token that opens the hub."""

from sqlalchemy.orm import Session

from core.configs.push import PushConfig
from core.errors import BadInput, Conflict
from core.queries import datasets, secrets
from core.settings import settings
from core.states import DatasetState
from core.tables import Dataset

READABLE = (DatasetState.completed, DatasetState.cancelled)


def check_push(session: Session, project_id: str, id: str, asked: PushConfig) -> Dataset:
    """The dataset to push. Raises NotFound, Conflict while it is made, BadInput without pairs or a token."""
    dataset = datasets.get(session, project_id, id)
    if dataset.state not in READABLE:
        raise Conflict(f"Dataset {id} is {dataset.state}; a completed or cancelled one is pushed.")
    if not datasets.pair_counts(session, dataset)["kept"]:
        raise BadInput(f"Dataset {id} has no kept pair; there is nothing to push.")
    secrets.check(session, project_id, asked.secret, param="secret")
    if asked.secret is None and settings().hub_token is None:
        raise BadInput(
            "There is no token for the hub: name a secret that holds one, or set BURNISH_HUB_TOKEN.", param="secret"
        )
    return dataset
