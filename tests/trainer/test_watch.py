"""The best validation, and when it is time to stop."""

import json
from typing import Any

import pytest

from core.configs.run import TrainingConfig
from trainer.watch import Watch, watch


def watching(**asked: Any) -> Watch:
    made = watch(TrainingConfig.model_validate(asked))
    assert made is not None
    return made


def looked(seen: Watch, values: list[float | None]) -> list[bool]:
    """Which of the validations, of steps 10, 20 and so on, were the best so far."""
    return [seen.see(10 * place, {seen.metric: value}) for place, value in enumerate(values, 1)]


def test_nobody_watches_where_nothing_is_asked_for() -> None:
    assert watch(TrainingConfig()) is None


def test_the_first_of_equal_validations_is_the_best() -> None:
    loss = watching(best="loss")
    assert looked(loss, [0.7, 0.5, 0.5, 0.6]) == [True, True, False, False]
    assert (loss.kept, loss.value, loss.enough) == (20, 0.5, False)
    accuracy = watching(best="accuracy")
    assert looked(accuracy, [0.5, 0.9, 0.9, 0.7]) == [True, True, False, False]
    assert accuracy.told() == {"metric": "accuracy", "step": 20, "value": 0.9}


def test_a_validation_without_a_finite_number_is_never_the_best_and_tries_the_patience() -> None:
    seen = watching(best="loss", early_stopping={"patience": 2})
    assert looked(seen, [None, 0.7, None]) == [False, True, False]
    assert not seen.enough
    assert looked(seen, [None]) == [False]
    assert seen.enough


def test_small_gains_are_the_best_and_yet_end_the_training() -> None:
    seen = watching(best="loss", early_stopping={"patience": 2, "min_delta": 0.1})
    assert looked(seen, [0.7, 0.65, 0.62]) == [True, True, True]
    assert (seen.enough, seen.step) == (True, 30)
    assert seen.reason() == "Validation loss got no better by more than 0.1 in 2 validations; its best was at step 30."


def test_gains_that_add_up_to_more_than_the_least_one_count() -> None:
    seen = watching(early_stopping={"patience": 2, "min_delta": 0.1})
    looked(seen, [0.7, 0.65, 0.59, 0.55])
    assert (seen.enough, seen.waited) == (False, 1)


def test_early_stopping_alone_looks_at_the_loss_and_keeps_the_last_weights() -> None:
    seen = watching(early_stopping={"patience": 1})
    looked(seen, [0.5, 0.6])
    assert (seen.metric, seen.enough, seen.kept) == ("loss", True, None)


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e-17, None])
def test_a_state_goes_through_a_checkpoint_bit_for_bit(value: float | None) -> None:
    seen, other = (watching(best="loss", early_stopping={}) for _ in range(2))
    looked(seen, [0.7, value, 0.9])
    other.restore(json.loads(json.dumps(seen.saved())))
    assert other == seen
