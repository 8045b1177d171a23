"""Estimates and previews: what a dataset would take, and five pairs of it."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.queries.estimates import TURNS
from core.settings import settings
from tests.conftest import forget_settings
from tests.factories import ledger, scene

ASKED = {"behavior": "polite", "n_prompts": 10, "samples_per_prompt": 2, "teacher": {"sampling": {"max_tokens": 100}}}


def test_without_a_past_the_bounds_of_what_was_asked_are_given(client: TestClient) -> None:
    answer = client.post("/estimates", json=ASKED | {"rounds": 2, "best_of": 3})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["basis"], told["chains"], told["measured_chains"]) == ("bounds", 20, 0)
    turns = 1 + 2 + 2 + 2  # draft, two critiques, two revisions and two further candidates
    assert told["sampled_tokens"]["high"] == 20 * turns * 100
    assert told["sampled_tokens"]["low"] <= told["sampled_tokens"]["expected"] <= told["sampled_tokens"]["high"]
    assert told["answers_to_score"] == 20 * 4
    assert told["seconds"] is None
    assert told["usd"] is None


def test_chains_of_the_same_teacher_are_what_an_estimate_rests_on(client: TestClient) -> None:
    with transaction() as session:
        made = ledger.made_dataset(session)
        rows = ledger.chains_of(session, made.id)
        per_chain = sum(row.draft_tokens + row.critique_tokens + row.revision_tokens for row in rows) / len(rows)
    told = client.post("/estimates", json=ASKED | {"teacher": {}}).json()
    assert (told["basis"], told["measured_chains"]) == ("measured", len(rows))
    assert told["sampled_tokens"]["expected"] == pytest.approx(20 * per_chain)
    assert told["seconds"]["low"] < told["seconds"]["expected"] < told["seconds"]["high"]


@pytest.mark.parametrize(
    "shape",
    [
        {"rounds": 2, "best_of": 3},
        {"strategy": "counterfactual", "counterfactual": {"variant": "enc", "style": "Be kind."}},
    ],
)
def test_what_chains_of_one_shape_have_read_is_what_further_ones_will_read(client: TestClient, shape: Any) -> None:
    made = client.post("/datasets", json=ASKED | shape)
    assert made.status_code == 202, made.text
    with transaction() as session:
        ledger.work_off(session)
    scene.change("UPDATE chain SET prompt_tokens = 1000")
    told = client.post("/estimates", json=ASKED | shape).json()
    assert (told["basis"], told["measured_chains"]) == ("measured", 20)
    assert told["prompt_tokens"]["expected"] == pytest.approx(20 * 1000)


@pytest.mark.parametrize(
    "changed", [{"rounds": 2}, {"best_of": 2}, {"teacher": {"sampling": {"max_tokens": 900}}}, {"wrappers": True}]
)
def test_chains_of_another_shape_are_no_ground_of_an_estimate(client: TestClient, changed: dict[str, Any]) -> None:
    wrappers = {"training": [{"name": "pirate", "template": "Arr! {prompt}"}]}
    client.post("/behaviors", json=ledger.behavior().model_dump(mode="json") | {"wrappers": wrappers})
    client.post("/datasets", json=ASKED)
    with transaction() as session:
        ledger.work_off(session)
    assert client.post("/estimates", json=ASKED).json()["basis"] == "measured"
    same_by_turns = {"teacher": {"sampling": {"max_tokens": 7}, "turns": {turn: {"max_tokens": 100} for turn in TURNS}}}
    assert client.post("/estimates", json=ASKED | same_by_turns).json()["basis"] == "measured"
    other = client.post("/estimates", json=ASKED | changed)
    assert (other.status_code, other.json().get("basis")) == (200, "bounds"), other.text


def test_the_pace_is_that_of_datasets_that_the_teacher_made_without_a_stop(client: TestClient) -> None:
    asked = {"behavior": "polite", "teacher": {}}

    def make(seconds: float, *, path: str = "", n_prompts: int = 12, change: str = "hits = 0") -> str:
        """A dataset whose two shards are worked on side by side for so many seconds."""
        id: str = client.post(f"/datasets{path}", json=asked | {"n_prompts": n_prompts}).json()["id"]
        with transaction() as session:
            ledger.work_off(session)
        mine = "WHERE dataset_id = :id AND stage = 'generate'"
        scene.change(
            f"UPDATE shard SET ended_at = started_at + make_interval(secs => {seconds}), {change} {mine}", id=id
        )
        return id

    def seconds() -> Any:
        told = client.post("/estimates", json=asked | {"n_prompts": 12}).json()["seconds"]
        return told and told["expected"]

    make(1.0, change="hits = 7")  # the cache was fast
    make(9.0, path="/preview")
    paused = make(900.0)
    scene.change("UPDATE dataset SET paused_at = created_at WHERE id = :id", id=paused)
    assert seconds() is None
    make(6.0)
    assert seconds() == pytest.approx(6.0)
    make(10.0, n_prompts=1)
    assert seconds() == pytest.approx(12 / ((12 * 2 + 1 * 0.1) / 13))


def test_the_time_of_scorers_is_part_of_it_at_their_own_pace(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"behavior": "polite", "teacher": {}, "n_prompts": 12}

    def told(**changed: Any) -> Any:
        answer = client.post("/estimates", json=asked | changed)
        assert answer.status_code == 200, answer.text
        return answer.json()

    scorer = f"classifier:{ledger.REWARD}"
    assert (told()["scoring_seconds"], told()["untimed"]) == (None, [scorer])
    id = client.post("/datasets", json=asked).json()["id"]
    with transaction() as session:
        ledger.work_off(session)
    for stage, seconds in (("generate", 6), ("score", 3)):
        took = f"ended_at = started_at + make_interval(secs => {seconds})"
        scene.change(f"UPDATE shard SET {took} WHERE dataset_id = :id AND stage = :stage", id=id, stage=stage)
    found = told(n_prompts=6)
    assert found["untimed"] == []
    assert found["scoring_seconds"] == pytest.approx({"expected": 1.5, "low": 0.75, "high": 2.25})
    assert found["seconds"] == pytest.approx({"expected": 3.0, "low": 1.5, "high": 4.5 + 2.25})  # both at once
    slow = told(n_prompts=6, best_of=7)["scoring_seconds"]
    assert slow["expected"] == pytest.approx(4 * 1.5)  # eight answers for each two
    beside = told(reward=[{}, {"label": "another"}, {"kind": "rule", "rule": "refusal"}])
    assert beside["untimed"] == ["another"]
    assert beside["scoring_seconds"]["expected"] == pytest.approx(3.0)
    monkeypatch.setenv("BURNISH_SHARED_DEVICE", "the one")
    forget_settings()
    assert told(n_prompts=6)["seconds"]["expected"] == pytest.approx(3.0 + 1.5)  # one after the other


def test_money_follows_from_the_prices_in_the_settings_and_limits_are_compared(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = {ledger.TEACHER: {"price_input": 1.0, "price_output": 10.0}}
    monkeypatch.setenv("BURNISH_MODELS", json.dumps(prices))
    forget_settings()
    assert settings().model(ledger.TEACHER).price_output == 10.0
    told = client.post("/estimates", json=ASKED | {"budget": {"tokens": 5, "usd": 1000.0}}).json()
    expected = told["prompt_tokens"]["expected"] / 1e6 + told["sampled_tokens"]["expected"] / 1e5
    assert told["usd"]["expected"] == pytest.approx(expected)
    assert told["exceeds"] == ["tokens"]


def test_models_without_prices_are_named_beside_the_money_of_the_others(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"price_input": 1.0, "price_output": 10.0}
    judge = {"kind": "judge", "engine": "openai", "model": "judge", "base_url": "https://models.example.org/v1"}
    rubric = ledger.behavior("rated").model_dump(mode="json") | {"rubric": {"instruction": "Is it polite?"}}
    assert client.post("/behaviors", json=rubric).status_code == 201
    asked = ASKED | {"behavior": "rated", "reward": [judge, {"kind": "rule", "rule": "length"}]}

    def told(**prices: dict[str, float]) -> tuple[bool, list[str]]:
        monkeypatch.setenv("BURNISH_MODELS", json.dumps(prices))
        forget_settings()
        found = client.post("/estimates", json=asked).json()
        return found["usd"] is not None, found["unpriced"]

    assert told() == (False, [ledger.TEACHER, "judge"])
    assert told(judge=whole) == (True, [ledger.TEACHER])
    assert told(**{ledger.TEACHER: whole}, judge={"price_output": 1.0}) == (True, ["judge"])
    assert told(**{ledger.TEACHER: whole}, judge=whole) == (True, [])


def test_every_behavior_counts_with_its_own_prompts_and_system_prompt(client: TestClient) -> None:
    long = ledger.behavior("long", prompts=36).model_dump(mode="json") | {"system": "Be brief. " * 400}
    assert client.post("/behaviors", json=long).status_code == 201

    def read(*behaviors: str, n_prompts: int | None) -> Any:
        told = client.post("/estimates", json={"behavior": behaviors, "n_prompts": n_prompts}).json()
        return told["prompt_tokens"]["low"]  # what the prompts alone have

    for n_prompts in (6, None):
        each = [read(name, n_prompts=n_prompts) for name in ("polite", "long")]
        assert each[1] > 10 * each[0]
        both = read("polite", "long", n_prompts=2 * n_prompts if n_prompts else None)
        assert (
            both == read("long", "polite", n_prompts=2 * n_prompts if n_prompts else None) == pytest.approx(sum(each))
        )


def test_an_estimate_makes_nothing_and_refuses_what_a_dataset_would_refuse(client: TestClient) -> None:
    client.post("/estimates", json=ASKED)
    assert client.get("/datasets").json()["data"] == []
    answer = client.post("/estimates", json={"behavior": "unheard-of"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "behavior")
    with transaction() as session:
        source = {"kind": "dataset", "dataset": ledger.made_dataset(session).id}
    answer = client.post("/estimates", json={"behavior": "polite", "source": source})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "n_prompts")
    told = client.post("/estimates", json={"behavior": "polite", "source": source, "n_prompts": 7}).json()
    assert told["chains"] == 7


TOPICS = {"kind": "topics", "topics": ["sea", "sky"], "per_topic": 6, "instruction": "Ask politely."}


def test_prompts_that_the_teacher_writes_are_a_part_of_their_own(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MODELS", json.dumps({ledger.TEACHER: {"price_input": 1.0, "price_output": 10.0}}))
    forget_settings()
    asked = ASKED | {"source": TOPICS, "n_prompts": 10}
    assert client.post("/estimates", json=ASKED).json()["writing"] is None
    before = client.post("/estimates", json=asked).json()
    nothing = {"prompt_tokens": None, "sampled_tokens": None, "usd": None}
    assert before["writing"] == {"basis": "unknown", "prompts": 10} | nothing
    for prompts, taken in ((6, 60), (12, 240)):  # prompts of one dataset took ten tokens each, of the other one twenty
        id = client.post("/datasets", json=asked | {"n_prompts": prompts}).json()["id"]
        change = "SET state = 'done', completed = total - 1, failed = 1, tokens = :n, prompt_tokens = 3 * :n"
        scene.change(f"UPDATE shard {change} WHERE dataset_id = :id AND stage = 'grow'", id=id, n=taken)
    told = client.post("/estimates", json=asked).json()
    written = told["writing"]
    assert (written["basis"], written["prompts"]) == ("measured", 10)
    expected = {"expected": 300 / 18 * 10, "low": 0.9 * 10 * 10, "high": 1.1 * 20 * 10}
    assert written["sampled_tokens"] == pytest.approx(expected)
    assert written["prompt_tokens"] == pytest.approx({name: 3 * number for name, number in expected.items()})
    assert written["usd"]["expected"] == pytest.approx(expected["expected"] * (3 * 1 + 10) / 1e6)
    for name in ("sampled_tokens", "prompt_tokens", "usd"):
        parts = before[name]["high"] + written[name]["high"]
        assert told[name]["high"] == pytest.approx(parts)


@pytest.mark.parametrize("changed", [{"per_topic": 7}, {"instruction": "Ask rudely."}, {"instruction": None}])
def test_prompts_that_were_written_in_another_way_are_no_ground(client: TestClient, changed: dict[str, Any]) -> None:
    client.post("/datasets", json=ASKED | {"source": TOPICS, "n_prompts": 10})
    scene.change("UPDATE shard SET state = 'done', completed = total, tokens = 9, prompt_tokens = 9")
    other = client.post("/estimates", json=ASKED | {"source": TOPICS | changed, "n_prompts": 10})
    assert (other.status_code, other.json()["writing"]["basis"]) == (200, "unknown"), other.text


def test_a_preview_makes_five_pairs_before_everything_else_and_is_in_no_list(client: TestClient) -> None:
    asked = client.post("/datasets", json={"behavior": "polite", "n_prompts": 12}).json()
    preview = client.post("/datasets/preview", json=ASKED | {"n_prompts": 12})
    assert preview.status_code == 202, preview.text
    id = preview.json()["id"]
    assert preview.json()["config"]["n_prompts"] == 5
    assert [row["id"] for row in client.get("/datasets").json()["data"]] == [asked["id"]]
    with transaction() as session:
        assert ledger.next_claim(session, "generate").dataset_id == id
    with transaction() as session:
        ledger.work_off(session)
    assert client.get(f"/datasets/{id}").json()["status"] == "completed"
    shown = client.get(f"/datasets/{id}/pairs").json()["data"]
    assert len(shown) == 5
    assert {pair["split"] for pair in shown} == {"train"}


def test_a_preview_of_prompts_in_the_request_takes_the_first_five(client: TestClient) -> None:
    prompts = [{"text": f"question {number}"} for number in range(8)]
    preview = client.post("/datasets/preview", json={"behavior": "polite", "prompts": prompts}).json()
    assert [prompt["text"] for prompt in preview["config"]["prompts"]] == [f"question {number}" for number in range(5)]
