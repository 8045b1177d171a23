"""The table of losses and the table of methods name the same methods."""

import inspect

from core.methods.choice import MethodChoice, method_names
from trainer.losses import LOSSES


def test_every_method_that_can_be_asked_for_has_a_loss_and_the_other_way_round() -> None:
    assert set(LOSSES) == set(method_names())


def test_a_loss_takes_the_hyperparameters_of_its_method() -> None:
    for name, loss in LOSSES.items():
        asked = MethodChoice.model_validate(name).hyperparameters.model_dump().keys() - {"sft_weight"}
        assert inspect.signature(loss).parameters.keys() - {"pairs"} == asked, name
        assert loss.__name__ == name
