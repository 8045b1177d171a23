"""Runs on datasets without a column that the method reads are refused by the column's name and a remedy."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.methods.choice import MethodChoice, method_names
from tests.factories import ledger, scene
from tests.factories.ledger import Made

Method = dict[str, Any]


def made(**how: Any) -> str:
    """A completed dataset with one scorer."""
    with transaction() as session:
        return ledger.made_dataset(session, made=Made(**how)).id


def asked(client: TestClient, id: str, method: Method | str, **training: Any) -> Any:
    """The error of a run that is asked for, None when it is taken."""
    body = {"dataset": id, "method": method, "training": training, "evaluation": {"enabled": False}}
    answer = client.post("/runs", json=body)
    assert answer.status_code in (202, 400), answer.text
    return answer.json()["error"] if answer.status_code == 400 else None


def ensemble(*names: str) -> Method:
    return {"type": "reward_distillation", "reward_distillation": {"scorers": names or "all"}}


@pytest.mark.parametrize("name", method_names())
def test_a_method_is_refused_on_unscored_pairs_if_it_needs_scores(client: TestClient, name: str) -> None:
    error = asked(client, made(scored=False), name)
    if not MethodChoice.model_validate(name).facts.needs_scores:
        assert error is None
        return
    assert (error["param"], error["code"]) == ("method.type", "missing_column")
    assert "score_chosen and score_rejected" in error["message"]
    assert asked(client, made(), name) is None


@pytest.mark.parametrize("name", method_names())
def test_a_method_that_needs_scores_is_refused_on_pairs_whose_scores_are_costs(client: TestClient, name: str) -> None:
    id = made()
    scene.change("UPDATE scorer SET purpose = 'cost' WHERE dataset_id = :id", id=id)
    error = asked(client, id, name)
    if not MethodChoice.model_validate(name).facts.needs_scores:
        assert error is None
        return
    assert (error["param"], error["code"]) == ("method.type", "missing_column")
    assert "are costs" in error["message"]
    assert "gives rewards" in error["message"]


def test_a_cost_alone_is_refused_wherever_a_dataset_is_asked_for(client: TestClient) -> None:
    cost = {"kind": "rule", "rule": "refusal", "purpose": "cost"}
    asked = {"behavior": "polite", "reward": cost}
    for path, body, param in (
        ("/datasets", asked, "reward"),
        ("/datasets/preview", asked, "reward"),
        ("/estimates", asked, "reward"),
        ("/datasets/import", {"file": "file-01kfw3v8x2m4c9t7q0r5b6n1za", "reward": cost}, "reward"),
        ("/distillations", {"dataset": asked}, "dataset.reward"),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code in (400, 422), (path, answer.text)
        error = answer.json()["error"]
        assert (error["param"], "put costs behind it" in error["message"]) == (param, True), path


def test_an_ensemble_needs_two_rewards(client: TestClient) -> None:
    id = made()
    error = asked(client, id, ensemble())
    assert (error["param"], error["code"]) == ("method.reward_distillation.scorers", "missing_column")
    assert f"classifier:{ledger.REWARD}" in error["message"]
    with transaction() as session:
        ledger.second_scorer(session, id, "second")
    assert asked(client, id, ensemble()) is None


def test_a_member_that_is_no_reward_of_the_dataset_is_named(client: TestClient) -> None:
    id = made()
    with transaction() as session:
        ledger.second_scorer(session, id, "harm", purpose="cost")
    for name in ("nobody", "harm"):
        error = asked(client, id, ensemble(f"classifier:{ledger.REWARD}", name))
        assert (error["param"], error["code"]) == ("method.reward_distillation.scorers.1", "missing_column")
        assert name in error["message"]


def test_an_ensemble_whose_members_never_scored_the_same_pair_is_refused(client: TestClient) -> None:
    id = made()
    with transaction() as session:
        ledger.second_scorer(session, id, "second", value=None)
    error = asked(client, id, ensemble())
    assert (error["param"], error["code"]) == ("method.reward_distillation.scorers", "missing_column")
    assert "second" in error["message"]
    assert asked(client, id, ensemble(f"classifier:{ledger.REWARD}")) is None


def test_weights_are_asked_for_only_where_there_are_some(client: TestClient) -> None:
    id = made()
    error = asked(client, id, "dpo", pair_weights=True)
    assert (error["param"], error["code"]) == ("training.pair_weights", "missing_column")
    with transaction() as session:
        ledger.weigh(session, id, [2.0])
    assert asked(client, id, "dpo", pair_weights=True) is None


def test_a_distillation_is_refused_for_columns_that_its_dataset_will_lack(client: TestClient) -> None:
    rule = {"kind": "rule", "rule": "refusal"}
    for more, param in (
        ({"method": ensemble()}, "method.reward_distillation.scorers"),
        ({"method": ensemble("rule:refusal", "second")}, "method.reward_distillation.scorers.1"),
        ({"training": {"pair_weights": True}}, "training.pair_weights"),
    ):
        answer = client.post("/distillations", json={"dataset": {"behavior": "polite", "reward": rule}, **more})
        error = answer.json()["error"]
        assert (answer.status_code, error["param"], error["code"]) == (400, param, "missing_column")
    two = {"behavior": "polite", "reward": [rule, rule | {"label": "second"}]}
    answer = client.post("/distillations", json={"dataset": two, "method": ensemble("rule:refusal", "second")})
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("name", ["dpo", "sft"])
def test_anchors_are_refused_where_no_sft_term_takes_them(client: TestClient, name: str) -> None:
    id = made()
    error = asked(client, id, name, anchors=True)
    assert error["param"] == "training.anchors"
    assert f"method.{name}.sft_weight is 0" in error["message"]
    assert ("the loss of sft is over pairs" in error["message"]) == (name == "sft")
    assert asked(client, id, {"type": name, name: {"sft_weight": 0.5}}, anchors=True) is None
    answer = client.post("/distillations", json={"dataset": {"behavior": "polite"}, "training": {"anchors": True}})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "training.anchors")
