"""Warnings appear where something is off, name the field it is about, and do not appear elsewhere."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.configs.run import RunConfig
from core.methods.choice import MethodChoice, method_names
from trainer.preflight.advice import Found, advise, usual_rate

SCORES = np.array([[1.0, 0.0], [2.0, 0.0], [0.5, 1.0], [3.0, 1.0]])
GOOD = Found(
    parameters=7_000_000_000,
    counts={"train": 900, "validation": 100, "train_offered": 900, "validation_offered": 100},
    steps=56,
    left_out={"too_long": 0, "score_missing": 0},
    mismatches=0,
    medians={"chosen": 100.0, "rejected": 90.0},
    scores=SCORES,
    rewards=np.zeros((4, 0, 2)),
    memory=None,
    finite=True,
)
DPO = {"type": "dpo"}


def codes(found: Found, **asked: Any) -> dict[str, str | None]:
    """The warnings of a run, with the field of each."""
    config = RunConfig.model_validate({"dataset": "ds_1", "training": {"learning_rate": 1e-6}, **asked})
    return {warned.code: warned.param for warned in advise(config, found)}


def scored(*apart: float) -> Found:
    """With such differences of the two scores."""
    return replace(GOOD, scores=np.array([[difference, 0.0] for difference in apart]))


def test_a_usual_run_is_warned_of_nothing() -> None:
    assert codes(GOOD) == {}
    assert codes(GOOD, method=DPO) == {}


@pytest.mark.parametrize(
    ("parameters", "mode", "rate", "warned"),
    [
        (7_000_000_000, "full", 5e-7, False),
        (7_000_000_000, "full", 2e-5, True),
        (7_000_000_000, "full", 5e-8, True),
        (7_000_000_000, "lora", 2e-5, False),
        (7_000_000_000, "lora", 5e-4, True),
        (500_000_000, "full", 2e-5, False),
        (500_000_000, "full", 1e-4, True),
        (100_000, "full", 1e-3, False),
        (100_000, "full", 1e-6, True),
    ],
)
def test_a_learning_rate_is_told_off_by_size_and_mode(parameters: int, mode: str, rate: float, warned: bool) -> None:
    found = codes(replace(GOOD, parameters=parameters), training={"mode": mode, "learning_rate": rate})
    assert found == ({"learning_rate": "training.learning_rate"} if warned else {})


def test_imitation_takes_a_higher_rate() -> None:
    rates = [
        usual_rate(RunConfig.model_validate({"dataset": "ds_1", "method": name}), 7_000_000_000)
        for name in ("dpo", "sft")
    ]
    assert rates == pytest.approx([1e-6, 1e-5])


@pytest.mark.parametrize("name", method_names())
def test_a_beta_is_odd_for_its_method(name: str) -> None:
    facts = MethodChoice.model_validate(name).facts
    warned = {"method": "method.type"} if facts.warning else {}
    assert codes(GOOD, method=name, training={"learning_rate": 3e-6}) == warned
    if facts.usual_beta:
        for beta in (facts.usual_beta[0] / 2, facts.usual_beta[1] * 2):
            odd = codes(GOOD, method={"type": name, name: {"beta": beta}})
            assert odd == {"beta": f"method.{name}.beta"} | warned


def test_scores_are_held_against_tau_and_the_labels() -> None:
    spread = scored(-1.0, 1.0, 3.0)  # 2
    assert "score_scale" not in codes(spread)
    for tau, told in ((2.0, False), (0.3, True), (11.0, True)):
        assert ("score_scale" in codes(spread, method={"type": "rdpo", "rdpo": {"tau": tau}})) == told
    assert codes(scored(1.0, 1.0, 1.0)) == {"score_scale": "method.rdpo.tau"}
    assert codes(scored(-1.0, -2.0, 1.0), method=DPO) == {"scores_disagree": "method.type"}
    assert codes(scored(-1.0, 2.0, 1.0, 1.0), method=DPO) == {}
    assert codes(scored(0.0, 0.0, 1.0)) == {"scores_tied": "method.type"}
    assert codes(scored(float("nan"), 1.0), method=DPO) == {}


def test_each_member_of_an_ensemble_is_held_against_tau_by_itself() -> None:
    first, second = (np.array([[difference, 0.0] for difference in apart]) for apart in ((-9.0, 9.0), (1.0, 2.0)))
    one, both = np.stack([second], axis=1), np.stack([first, second], axis=1)

    def told(rewards: np.ndarray, *scorers: str) -> list[str]:
        found = replace(GOOD, scores=first, rewards=rewards)  # the first one's scores stand on the pairs
        method = {"type": "reward_distillation", "reward_distillation": {"scorers": scorers or "all", "tau": 1.0}}
        config = RunConfig.model_validate({"dataset": "ds_1", "method": method, "training": {"learning_rate": 1e-6}})
        warned = advise(config, found)
        assert {one.code for one in warned} <= {"score_scale"}
        return [one.message for one in warned]

    assert told(one, "b") == []
    (message,) = told(both, "a", "b")
    assert "of scorer 'a' spread by 12.7 and tau is 1" in message
    assert "of scorer number 1" in told(both)[0]


@pytest.mark.parametrize(
    ("changed", "code", "param"),
    [
        ({"counts": GOOD.counts | {"train": 60}}, "few_pairs", "dataset"),
        ({"counts": GOOD.counts | {"validation": 0}}, "no_validation", "dataset"),
        ({"steps": 5}, "few_steps", "training.batch_size"),
        ({"left_out": {"too_long": 60}}, "many_too_long", "training.max_length"),
        ({"left_out": {"score_missing": 60}}, "many_score_missing", "method.type"),
        ({"mismatches": 30}, "boundary", "student"),
        ({"medians": {"chosen": 100.0, "rejected": 50.0}}, "length", "dataset"),
        ({"medians": {"chosen": 50.0, "rejected": 100.0}}, "length", "dataset"),
        ({"memory": (2 << 30, 1 << 30)}, "memory", "training.micro_batch_tokens"),
        ({"finite": False}, "gradient", "training.dtype"),
    ],
)
def test_what_is_off_is_warned_of(changed: dict[str, Any], code: str, param: str) -> None:
    assert codes(replace(GOOD, **changed)) == {code: param}


@pytest.mark.parametrize("anew", [False, True])
def test_a_run_that_does_not_fit_is_told_what_it_does_not_do_yet(anew: bool) -> None:
    training = {"learning_rate": 1e-6, "gradient_checkpointing": anew}
    config = RunConfig.model_validate({"dataset": "ds_1", "training": training})
    (warned,) = advise(config, replace(GOOD, memory=(2 << 30, 1 << 30)))
    assert ("training.gradient_checkpointing" in warned.message) != anew


@pytest.mark.parametrize(
    "changed", [{"left_out": {"too_long": 40}}, {"mismatches": 15}, {"medians": {"chosen": 100.0, "rejected": 70.0}}]
)
def test_a_little_of_it_is_not(changed: dict[str, Any]) -> None:
    assert codes(replace(GOOD, **changed)) == {}


def test_many_epochs_are_for_imitation() -> None:
    assert codes(GOOD, training={"learning_rate": 1e-6, "epochs": 4}) == {"many_epochs": "training.epochs"}
    assert codes(GOOD, method="sft", training={"learning_rate": 1e-5, "epochs": 4}) == {}
