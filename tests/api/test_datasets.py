"""POST /datasets and everything under it."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import datasets, recovery, shards
from core.settings import reread
from core.states import Queue
from tests.factories import ledger, scene


def made(**how: int) -> str:
    """The id of a dataset that has ended."""
    with transaction() as session:
        return ledger.made_dataset(session, made=ledger.Made(**how)).id  # type: ignore[arg-type]


def test_a_dataset_is_accepted_with_every_default_filled_in(client: TestClient) -> None:
    answer = client.post("/datasets", json={"behavior": "polite"})
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/datasets/{body['id']}"
    assert body["id"].startswith("ds_")
    assert body["status"] == "in_progress"
    assert body["config"]["behavior"] == ["polite"]
    assert body["config"]["teacher"]["model"] == ledger.TEACHER
    assert [scorer["model"] for scorer in body["config"]["reward"]] == [ledger.REWARD]
    assert body["request_counts"] == {"total": 12, "completed": 0, "failed": 0}
    assert body["behaviors"][0]["version"] == 1
    assert client.get(answer.headers["location"]).json() == body


def test_n_prompts_is_dealt_over_the_behaviors(client: TestClient) -> None:
    answer = client.post("/datasets", json={"behavior": ["polite", "brief"], "n_prompts": 7, "samples_per_prompt": 3})
    assert answer.json()["request_counts"]["total"] == 21


def test_prompts_of_your_own_replace_the_behaviors(client: TestClient) -> None:
    answer = client.post("/datasets", json={"behavior": "polite", "prompts": [{"text": "Why?"}, {"text": "When?"}]})
    assert answer.json()["request_counts"]["total"] == 2


def test_lists_are_newest_first_and_go_on_by_key(client: TestClient) -> None:
    ids = [client.post("/datasets", json={"behavior": "polite", "n_prompts": 1}).json()["id"] for _ in range(5)]
    first = client.get("/datasets", params={"limit": 2}).json()
    assert [row["id"] for row in first["data"]] == ids[:-3:-1]
    assert (first["object"], first["first_id"], first["last_id"], first["has_more"]) == ("list", ids[4], ids[3], True)
    client.post("/datasets", json={"behavior": "polite", "n_prompts": 1})
    second = client.get("/datasets", params={"limit": 2, "after": first["last_id"]}).json()
    assert [row["id"] for row in second["data"]] == [ids[2], ids[1]]
    last = client.get("/datasets", params={"limit": 2, "after": second["last_id"]}).json()
    assert ([row["id"] for row in last["data"]], last["has_more"]) == ([ids[0]], False)


def test_an_empty_list_has_no_ids(client: TestClient) -> None:
    assert client.get("/datasets").json() == {
        "object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False,
    }  # fmt: skip


def test_cancel_twice_is_cancelled_and_resume_goes_on(client: TestClient) -> None:
    id = client.post("/datasets", json={"behavior": "polite"}).json()["id"]
    for _ in range(2):
        cancelled = client.post(f"/datasets/{id}/cancel")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["cancelled_at"] is not None
    resumed = client.post(f"/datasets/{id}/resume")
    assert (resumed.status_code, resumed.json()["status"]) == (202, "in_progress")
    paused = client.post(f"/datasets/{id}/pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")


def test_a_move_the_state_does_not_allow_is_a_conflict_that_is_not_retried(client: TestClient) -> None:
    id = client.post("/datasets", json={"behavior": "polite"}).json()["id"]
    answer = client.post(f"/datasets/{id}/resume")
    assert answer.status_code == 409
    assert answer.headers["x-should-retry"] == "false"
    assert "in_progress" in answer.json()["error"]["message"]


def test_pairs_are_filtered_by_verdict_and_margin_and_paged(client: TestClient) -> None:
    id = made(same_each=4)
    every = client.get(f"/datasets/{id}/pairs", params={"limit": 100}).json()["data"]
    assert len(every) == 12
    kept = client.get(f"/datasets/{id}/pairs", params={"verdict": "kept", "limit": 100}).json()["data"]
    assert len(kept) == 9
    assert {pair["verdict"] for pair in kept} == {"kept"}
    assert kept[0]["critique"] == "That was rude."
    assert abs(kept[0]["margin"] - 3.0) < 1e-9
    assert client.get(f"/datasets/{id}/pairs", params={"min_margin": 3.5}).json()["data"] == []
    assert client.get(f"/datasets/{id}/pairs", params={"split": "validation"}).json()["data"] == []
    page = client.get(f"/datasets/{id}/pairs", params={"limit": 5}).json()
    rest = client.get(f"/datasets/{id}/pairs", params={"limit": 100, "after": page["last_id"]}).json()
    assert [pair["id"] for pair in page["data"] + rest["data"]] == [pair["id"] for pair in every]


def test_failures_say_which_turn_and_why_and_are_paged_over_both_kinds(client: TestClient) -> None:
    with transaction() as session:
        row = ledger.made_dataset(session, made=ledger.Made(fail_each=4))
        ledger.quarantine(session, row.id, 0)
    shown = client.get(f"/datasets/{row.id}/failures").json()["data"]
    assert [failure["kind"] for failure in shown] == ["prompt", "chain", "chain", "chain"]
    assert (shown[1]["turn"], shown[1]["reason"], shown[1]["revision"]) == ("revision", "truncated", None)
    assert shown[0]["reason"] == "The engine died."
    walked: list[str] = []
    after = None
    while len(walked) < 10:
        page = client.get(
            f"/datasets/{row.id}/failures", params={"limit": 1} | ({"after": after} if after else {})
        ).json()
        walked += [failure["id"] for failure in page["data"]]
        after = page["last_id"]
        if not page["has_more"]:
            break
    assert walked == [failure["id"] for failure in shown]


def test_the_funnel_and_the_histograms_agree_with_the_pairs(client: TestClient) -> None:
    id = made(same_each=4, fail_each=6)
    funnel = client.get(f"/datasets/{id}/funnel").json()
    assert funnel == {
        "object": "dataset.funnel", "gathered": 0, "left_out": 0,
        "asked": 12, "produced": 12, "parsed": 10, "scored": 10, "distinct": 8, "kept": 8,
        "dropped": {"identical": 2}, "failed": {"revision truncated": 2}, "quarantined": 0,
    }  # fmt: skip
    stats = client.get(f"/datasets/{id}/stats").json()
    assert sum(stats["margins"]["counts"]) == 10
    assert sum(stats["scores"]["draft"]) == sum(stats["scores"]["revision"]) == 10
    dataset = client.get(f"/datasets/{id}").json()
    assert dataset["status"] == "completed"
    assert dataset["pairs"] == {"kept": 8, "dropped": 2, "dropped_by_reason": {"identical": 2}, "scored": 10}


def test_the_funnel_counts_no_chain_of_a_prompt_that_was_taken_out(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    reread()
    with transaction() as session:
        id = ledger.dataset(session, n_prompts=4).id
    scene.change("UPDATE shard SET last = 0, total = 1")  # the first prompt alone
    with transaction() as session:
        claim = shards.claim(session, queue=Queue.generate, owner="a test")
    assert claim is not None
    with transaction() as session:
        recovery.release(session, claim, error="The engine died.")
    funnel = client.get(f"/datasets/{id}/funnel").json()
    assert (funnel["asked"], funnel["produced"], funnel["parsed"], funnel["quarantined"]) == (4, 0, 0, 1)
    assert scene.number("SELECT failed FROM shard") == 1  # the stage has done with it all the same


def test_workers_read_what_was_asked_without_the_requests_own_prompts(client: TestClient) -> None:
    asked = {"behavior": "polite", "prompts": [{"text": "Why?"}, {"text": "How?"}], "seed": 3}
    id = client.post("/datasets", json=asked).json()["id"]
    with transaction() as session:
        whole, lean = datasets.frozen(session, id), datasets.without_prompts(session, id)
    assert whole.prompts is not None
    assert len(whole.prompts) == 2
    assert lean == whole.model_copy(update={"prompts": None})


def test_export_gives_kept_pairs_as_lines_for_trl(client: TestClient) -> None:
    id = made(same_each=4)
    answer = client.get(f"/datasets/{id}/export")
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["content-disposition"] == f'attachment; filename="{id}.trl.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == 9
    assert set(lines[0]) == {"prompt", "chosen", "rejected", "score_chosen", "score_rejected", "scores", "weight"}
    assert lines[0]["prompt"][-1]["role"] == "user"
    assert lines[0]["chosen"][0]["role"] == "assistant"


def test_export_as_jsonl_gives_the_pair_objects(client: TestClient) -> None:
    id = made(same_each=4)
    lines = client.get(f"/datasets/{id}/export", params={"format": "jsonl", "verdict": "all"}).text.splitlines()
    listed = client.get(f"/datasets/{id}/pairs", params={"limit": 100}).json()["data"]
    told = [json.loads(line) for line in reversed(lines)]
    names = listed[0].keys() - {"context", "object", "scores"}
    assert [{name: line[name] for name in names} for line in told] == [
        {name: pair[name] for name in names} for pair in listed
    ]
    assert told[0]["scores"] == {
        f"classifier:{ledger.REWARD}": {"chosen": listed[0]["score_chosen"], "rejected": listed[0]["score_rejected"]}
    }


def test_what_a_cancelled_dataset_finished_can_be_exported(client: TestClient) -> None:
    with transaction() as session:
        id = ledger.dataset(session).id
    client.post(f"/datasets/{id}/cancel")
    answer = client.get(f"/datasets/{id}/export")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_scorer_that_no_worker_has_is_refused_in_an_evaluation_too(client: TestClient) -> None:
    body = {"dataset": {"behavior": "polite"}, "evaluation": {"scorers": [{"kind": "given"}]}}
    answer = client.post("/distillations", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].endswith("kind")


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"strategy": "import", "pairs": "file-1", "reward": {"kind": "given"}}, "pairs"),
        ({"budget": {"usd": 1.0}}, "budget.usd"),
    ],
)
def test_what_no_worker_does_is_refused_and_not_passed_over(client: TestClient, asked: Any, param: str) -> None:
    answer = client.post("/datasets", json={"behavior": "polite"} | asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith(param)
