"""A pair and what a run's tuned model makes of it, as the caller sees it."""

from typing import Literal

from pydantic import Field

from api.schemas.page import Object
from api.schemas.pair import PairObject, show_pair
from core.queries.pair_losses import HardPair


class RunPairObject(Object):
    """Loss and margin of a pair under the tuned model; `id` is the pair's."""

    object: Literal["run.pair"] = "run.pair"
    run: str
    split: Literal["train", "validation"]
    loss: float = Field(description="what the pair adds to the loss, before its weight")
    margin: float = Field(description="implicit reward of the chosen answer minus that of the rejected one")
    pair: PairObject = Field(description="as it stands now")


def show_run_pair(row: HardPair) -> RunPairObject:
    """Numbers and pair as the caller sees them."""
    found, pair = row
    return RunPairObject.model_validate(
        {
            "id": found.pair_id,
            "run": found.run_id,
            "split": found.split,
            "loss": found.loss,
            "margin": found.margin,
            "pair": show_pair(pair),
        }
    )
