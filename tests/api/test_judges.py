"""Judges at the door: what is asked of them, what is refused, and what is told of their scores."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import behaviors, datasets
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import judged, ledger, scene

JUDGE = {"kind": "judge", "model": ledger.TEACHER}
ENDPOINT = {"kind": "judge", "engine": "openai", "model": "m", "base_url": "https://example.org/v1", "secret": "gone"}


@pytest.fixture
def rated(client: TestClient) -> TestClient:
    """The same client; the behavior `kind` has a rubric, `polite` has none."""
    with transaction() as session:
        behaviors.store(session, DEFAULT_PROJECT, judged.behavior("kind", prompts=12))
    return client


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"behavior": "polite", "reward": JUDGE}, "reward"),
        ({"behavior": ["kind", "polite"], "reward": [{"kind": "rule", "rule": "helpful"}, JUDGE]}, "reward.1"),
        ({"behavior": "kind", "reward": JUDGE | {"model": "nobody"}}, "reward.model"),
        ({"behavior": "kind", "reward": JUDGE | {"model": ledger.REWARD}}, "reward.model"),
        ({"behavior": "kind", "reward": ENDPOINT}, "reward.secret"),
        ({"behavior": "kind", "reward": [JUDGE, {"kind": "judge"}]}, "reward.1.label"),  # the default is that model
        ({"behavior": "kind", "reward": JUDGE, "budget": {"usd": 1.0}}, "budget.usd"),
    ],
)
def test_a_judge_that_cannot_judge_is_refused_by_its_field(rated: TestClient, body: Any, param: str) -> None:
    for path, head in (("/datasets", ""), ("/distillations", "dataset.")):
        answer = rated.post(path, json=body if not head else {"dataset": body})
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["param"] == head + param


def test_a_judge_of_an_evaluation_rates_each_answer_by_the_rubric(rated: TestClient) -> None:
    body: dict[str, Any] = {"dataset": {"behavior": "kind"}, "evaluation": {"scorers": [JUDGE | {"pairwise": True}]}}
    error = rated.post("/distillations", json=body).json()["error"]
    assert error["param"] == "evaluation.scorers.0.pairwise"
    assert "base and tuned" in error["message"]
    body = {"dataset": {"behavior": "polite"}, "evaluation": {"scorers": [JUDGE]}}
    assert rated.post("/distillations", json=body).json()["error"]["param"] == "evaluation.scorers.0"
    body = {"dataset": {"behavior": "kind"}, "evaluation": {"scorers": [JUDGE]}}
    assert rated.post("/distillations", json=body).status_code == 202


def test_a_run_on_a_dataset_of_a_pairwise_judge_is_evaluated_by_the_same_judge_alone(rated: TestClient) -> None:
    asked = {"behavior": "kind", "reward": [JUDGE | {"pairwise": True}, JUDGE | {"label": "again"}]}
    id = rated.post("/datasets", json=asked).json()["id"]
    with transaction() as session:
        ledger.work_off(session)
    run = rated.post("/runs", json={"dataset": id, "method": {"type": "dpo"}})
    assert run.status_code == 202, run.text
    scorers = run.json()["config"]["evaluation"]["scorers"]
    assert [(one["kind"], one["pairwise"], one["label"]) for one in scorers] == [
        ("judge", False, None),
        ("judge", False, "again"),
    ]
    body = {"dataset": id, "method": {"type": "dpo"}, "evaluation": {"scorers": [JUDGE]}}
    assert rated.post("/runs", json=body).status_code == 202


def test_scorers_are_told_with_their_scale_and_what_came_of_it(rated: TestClient) -> None:
    cost = JUDGE | {"label": "harm", "purpose": "cost"}
    asked = {"behavior": "kind", "reward": [JUDGE, cost, {"kind": "rule", "rule": "length"}]}
    made = rated.post("/datasets", json=asked).json()
    told = [(one["name"], one["purpose"], one["minimum"], one["maximum"], one["count"]) for one in made["scorers"]]
    assert told == [
        (f"judge:{ledger.TEACHER}", "reward", -5.0, 5.0, None),
        ("harm", "cost", -5.0, 5.0, None),
        ("rule:length", "reward", None, None, None),
    ]
    with transaction() as session:
        ledger.work_off(session)
    ended = rated.get(f"/datasets/{made['id']}").json()
    assert [(one["count"], one["missing"], one["fingerprint"]) for one in ended["scorers"]] == [(24, 0, "f")] * 3
    assert ended["scorers"][1]["mean"] == pytest.approx(0.555)
    assert rated.get("/datasets").json()["data"][0]["scorers"] is None


def test_every_scorer_has_a_histogram_and_both_values_on_each_pair(rated: TestClient) -> None:
    cost = JUDGE | {"label": "harm", "purpose": "cost"}
    id = rated.post("/datasets", json={"behavior": "kind", "reward": [JUDGE, cost]}).json()["id"]
    with transaction() as session:
        ledger.work_off(session)
    scene.change("UPDATE score SET value = value + 10 WHERE scorer = 'harm'")
    first, second = (rated.get(f"/datasets/{id}/stats", params=asked).json() for asked in ({}, {"scorer": "harm"}))
    assert (first["scorer"], second["scorer"]) == (f"judge:{ledger.TEACHER}", "harm")
    assert sum(first["scores"]["draft"]) == sum(second["scores"]["draft"]) == 12
    assert second["scores"]["edges"][0] == pytest.approx(first["scores"]["edges"][0] + 10)
    unknown = rated.get(f"/datasets/{id}/stats", params={"scorer": "nobody"})
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (400, "scorer")
    for pair in rated.get(f"/datasets/{id}/pairs").json()["data"]:
        reward, harm = pair["scores"]
        assert (reward["scorer"], reward["purpose"], harm["scorer"], harm["purpose"]) == (
            f"judge:{ledger.TEACHER}", "reward", "harm", "cost",
        )  # fmt: skip
        assert (reward["chosen"], reward["rejected"]) == (pair["score_chosen"], pair["score_rejected"])
        assert harm["chosen"] == pytest.approx(reward["chosen"] + 10)
        assert rated.get(f"/pairs/{pair['id']}").json()["scores"] == pair["scores"]


def test_what_a_judge_said_and_why_it_counts_for_nothing_stands_in_the_provenance(rated: TestClient) -> None:
    id = rated.post("/datasets", json={"behavior": "kind", "reward": JUDGE}).json()["id"]
    with transaction() as session:
        ledger.work_off(session)
    scene.change("UPDATE score SET value = NULL, missing = 'unparsed', raw = 'Hm.' WHERE answer = 'draft'")
    with transaction() as session:
        pair = ledger.pairs_of(session, id)[0].id
        assert datasets.frozen(session, id).reward[0].kind == "judge"
    shown = rated.get(f"/pairs/{pair}").json()
    draft = next(score for score in shown["provenance"]["scores"] if score["answer"] == "draft")
    assert (draft["value"], draft["missing"], draft["raw"]) == (None, "unparsed", "Hm.")
    assert shown["scores"][0]["rejected"] is None


def test_an_estimate_counts_the_questions_to_judges(rated: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    prices = {ledger.TEACHER: {"price_input": 1.0, "price_output": 10.0}}
    monkeypatch.setenv("BURNISH_MODELS", json.dumps(prices))
    forget_settings()
    asked = {"behavior": "kind", "n_prompts": 10, "best_of": 3, "teacher": {"sampling": {"max_tokens": 100}}}
    rule = {"kind": "rule", "rule": "helpful"}
    judge = JUDGE | {"sampling": {"max_tokens": 50}}
    bare, absolute, pairwise = (
        rated.post("/estimates", json=asked | {"reward": reward}).json()
        for reward in (rule, judge, judge | {"pairwise": True})
    )
    assert [told["judge_calls"] for told in (bare, absolute, pairwise)] == [0, 10 * 4, 10 * 6]
    assert absolute["sampled_tokens"]["high"] == bare["sampled_tokens"]["high"] + 40 * 50
    assert (
        pairwise["prompt_tokens"]["expected"]
        > absolute["prompt_tokens"]["expected"]
        > bare["prompt_tokens"]["expected"]
    )
    assert absolute["usd"]["expected"] > bare["usd"]["expected"]


def test_what_a_judge_took_before_is_what_an_estimate_rests_on(rated: TestClient) -> None:
    asked = {"behavior": "kind", "n_prompts": 12, "reward": JUDGE}
    rated.post("/datasets", json=asked)
    with transaction() as session:
        ledger.work_off(session)
    bare = rated.post("/estimates", json=asked | {"reward": {"kind": "rule", "rule": "helpful"}}).json()
    scene.change("UPDATE shard SET prompt_tokens = 2400, tokens = 240 WHERE stage = 'score'")
    told = rated.post("/estimates", json=asked).json()
    assert told["prompt_tokens"]["expected"] - bare["prompt_tokens"]["expected"] == pytest.approx(2400)
    assert told["sampled_tokens"]["expected"] - bare["sampled_tokens"]["expected"] == pytest.approx(240)
