"""From a grid to the configs of its combinations."""

from typing import Any

from core.configs.run import RunConfig
from core.grid import combinations, size, swept

BASE = {"dataset": "ds_x"}


def configs(grid: dict[str, list[Any]], **base: Any) -> list[RunConfig]:
    """The configs of a grid's combinations."""
    return [RunConfig.model_validate(one.config) for one in combinations(BASE | base, grid)]


def test_the_last_path_changes_first_and_each_place_tells_its_values() -> None:
    grid: dict[str, list[Any]] = {"training.learning_rate": [1e-5, 5e-5], "method.beta": [0.05, 0.1, 0.2]}
    found = [(one.training.learning_rate, one.method.hyperparameters.model_dump()["beta"]) for one in configs(grid)]
    assert found == [(1e-5, 0.05), (1e-5, 0.1), (1e-5, 0.2), (5e-5, 0.05), (5e-5, 0.1), (5e-5, 0.2)]
    assert size(grid) == 6
    assert [tuple(swept(grid, place).values()) for place in range(6)] == found
    assert list(swept(grid, 0)) == list(grid)


def test_fields_of_the_method_are_those_of_whichever_it_is() -> None:
    grid: dict[str, list[Any]] = {"method.beta": [0.2], "method": ["dpo", {"type": "ipo"}]}
    assert [one.method.model_dump() for one in configs(grid)] == [
        {"type": "dpo", "dpo": {"sft_weight": 0.0, "beta": 0.2}},
        {"type": "ipo", "ipo": {"sft_weight": 0.0, "beta": 0.2}},
    ]
    given = {"type": "dpo", "dpo": {"beta": 0.3, "sft_weight": 0.5}}
    (kept,) = configs({"method.beta": [0.2]}, method=given)
    assert kept.method.model_dump() == {"type": "dpo", "dpo": {"sft_weight": 0.5, "beta": 0.2}}
    (other,) = configs({"method.type": ["hinge"]}, method=given)
    assert other.method.type == "hinge"


def test_parts_are_laid_over_wholes_and_what_was_asked_stays_as_it_was() -> None:
    base = {"training": {"epochs": 3, "lora": {"rank": 4}}}
    grid: dict[str, list[Any]] = {"training.lora.rank": [8], "training.early_stopping.patience": [1, 2]}
    found = configs(grid, **base)
    assert [(one.training.epochs, one.training.lora.rank) for one in found] == [(3, 8), (3, 8)]
    assert [one.training.early_stopping.patience for one in found if one.training.early_stopping] == [1, 2]
    assert base == {"training": {"epochs": 3, "lora": {"rank": 4}}}


def test_a_fault_is_told_by_the_value_that_set_the_field() -> None:
    grid: dict[str, list[Any]] = {
        "training": [{}], "training.learning_rate": [1, 2], "method.beta": [0.1], "student": ["a"],
    }  # fmt: skip
    *_, last = combinations(BASE, grid)
    assert last.origin("training.learning_rate") == ("training.learning_rate", 1)
    assert last.origin("training.batch_size") == ("training", 0, "batch_size")
    assert last.origin("method.rdpo.beta") == ("method.beta", 0)
    assert last.origin("method.rdpo") == ("method.beta", 0)
    assert last.origin("method.rdpo.beta.0") == ("method.beta", 0, 0)
    assert last.origin("evaluation.scorers") is None
