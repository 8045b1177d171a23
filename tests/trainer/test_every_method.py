"""Every method in the table, new ones included, trains a tiny student to its end and logs what every run logs."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.database import transaction
from core.methods.choice import MethodChoice, method_names
from core.queries import events, score_columns
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import ledger, trainer_process, trainings
from tests.faults.trainer_faults import metrics, weights

LOGGED = {
    "loss", "pair_loss", "sft_loss", "implicit_reward_chosen", "implicit_reward_rejected", "margin", "accuracy",
    "logp_chosen", "logp_rejected", "abs_z", "score_tie_rate", "missing_score_rate", "tokens",
}  # fmt: skip
OF_REJECTED = {"implicit_reward_rejected", "margin", "accuracy", "logp_rejected", "abs_z"}
OF_STEPS = {"gradient_norm", "learning_rate", "epoch"}
SHORT = {"epochs": 1, "checkpoint_steps": 100}


@pytest.fixture
def student(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny student under a model root."""
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    forget_settings()
    return trainings.student(tmp_path / "models")


def trained(student: Path, dataset_id: str, **asked: Any) -> Any:
    """The row of a run that was trained to its end."""
    run_id = trainings.ask(dataset_id, training=SHORT | asked.pop("training", {}), **asked)
    assert trainer_process.train(trainings.claim(), student) == 0, trainings.run_row(run_id).error
    return trainings.run_row(run_id)


@pytest.mark.parametrize("name", method_names())
def test_a_run_of_the_method_comes_to_its_end(name: str, student: Path) -> None:
    row = trained(student, trainings.made_pairs(), method=name)
    assert row.step == 3
    before, after = load_file(student / "model.safetensors"), weights(row.id)
    assert not torch.equal(before["lm_head.weight"], after["model.safetensors/lm_head.weight"])
    facts = MethodChoice.model_validate(name).facts
    for logged in metrics(row.id):
        steps = logged["kind"] == "train"
        unknown = OF_REJECTED if steps and not facts.reads_rejected else set()
        wanted = (LOGGED | (OF_STEPS if steps else set())) - unknown
        assert all(math.isfinite(logged[each]) for each in wanted), logged
        assert all(logged[each] is None for each in unknown), logged
        assert (logged["kl"] is not None) == facts.needs_reference
    with transaction() as session:
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [row.id], limit=100)]
    assert (facts.warning in told) == (facts.warning is not None)


def test_an_ensemble_reads_the_rewards_of_its_members(student: Path) -> None:
    dataset_id = trainings.made_pairs()
    with transaction() as session:
        ledger.second_scorer(session, dataset_id, "second", value=5.0)
        named = score_columns.columns(session, dataset_id).rewards
        ledger.weigh(session, dataset_id, [1.0, 0.5])
    found = {}
    for scorers in ("first", "all", named[::-1]):
        method = {"type": "reward_distillation", "reward_distillation": {"scorers": scorers, "gamma": 0.1}}
        row = trained(student, dataset_id, method=method, training={"pair_weights": True, "anchors": True})
        found[scorers] = row.facts["hyperparameters"]["tau"], metrics(row.id)[0]["pair_loss"], row.facts["data_hash"]
    assert [len(tau) for tau, _, _ in found.values()] == [1, 2, 2]
    assert found["all"][0] == found[named[::-1]][0][::-1]
    assert found["all"][1] == pytest.approx(found[named[::-1]][1])
    assert found["all"][1] < found["first"][1]  # the least of two squares
    assert len({digest for _, _, digest in found.values()}) == 3
