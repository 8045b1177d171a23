"""The table of losses and the table of methods name the same methods."""

import inspect

import pytest

from core.methods.choice import MethodChoice, method_names
from core.methods.method import BESIDE_THE_LOSS
from trainer.losses import LOSSES


def test_every_method_that_can_be_asked_for_has_a_loss_and_the_other_way_round() -> None:
    assert set(LOSSES) == set(method_names())


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_takes_the_hyperparameters_of_its_method(name: str) -> None:
    choice = MethodChoice.model_validate(name)
    asked = choice.hyperparameters.model_dump().keys() - BESIDE_THE_LOSS
    beside = {"running"} if choice.facts.running else set()
    assert inspect.signature(LOSSES[name]).parameters.keys() - {"pairs"} == asked | beside
    assert LOSSES[name].__name__ == choice.facts.name == name


@pytest.mark.parametrize("name", LOSSES)
def test_the_default_beta_of_a_method_is_a_usual_one(name: str) -> None:
    choice = MethodChoice.model_validate(name)
    beta = choice.hyperparameters.model_dump().get("beta")
    assert (beta is None) == (choice.facts.usual_beta is None)
    if choice.facts.usual_beta is not None:
        least, most = choice.facts.usual_beta
        assert least <= beta <= most
