"""What a card tells strangers of models and endpoints: where an operator keeps or runs them is nobody's business."""

from itertools import pairwise
from pathlib import PurePath

from core.configs.reward import RewardConfig
from core.outgoing.addresses import is_public, literal
from core.outgoing.place import place
from core.settings import settings

PRIVATE = "a private endpoint"


def model(name: str) -> str:
    """A model's name; of a path the id of the run that made it, or else the last part."""
    if not name.startswith(("/", ".")):
        return name
    parts = PurePath(name).parts
    made = (part for folder, part in pairwise(parts) if folder == "runs" and part.startswith("run_"))
    return next(made, PurePath(name).name)


def endpoint(base_url: str | None) -> str | None:
    """The host alone, and not even that where it is the operator's own: an address or a name of a closed network."""
    if base_url is None:
        return None
    where = place(base_url, param="base_url")
    if where.door in {one.lower() for one in settings().allowed_endpoints}:
        return PRIVATE
    address = literal(where.host)
    known = "." in where.host if address is None else is_public(address)
    return where.host if known else PRIVATE


def scorer(reward: RewardConfig) -> str:
    """The name that its scores are stored under, with the model in it as `model` tells it."""
    if reward.label is not None or reward.model is None:
        return reward.scorer
    return reward.scorer.removesuffix(reward.model) + model(reward.model)
