"""Pairs from files: what they become, who scores them, and what an import goes through."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import shards, trained_pairs, weights
from core.settings import reread, settings
from core.states import Queue
from core.tables import Chain, File
from tests.core import invariants
from tests.factories import exchange, ledger, scene
from tests.factories.world import furnish
from workers.lease import Beats
from workers.scoring import ScoringDesk


@pytest.fixture
def client(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    furnish(tmp_path, monkeypatch)
    scene.watch(database)
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "1")  # sixteen lines are one chunk
    reread()
    return exchange.door()


@pytest.fixture
def beats(database: str) -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def pairs(client: TestClient, id: str) -> list[dict[str, Any]]:
    """The pairs of a dataset in the order of its lines."""
    found = client.get(f"/datasets/{id}/pairs", params={"limit": 100}).json()["data"]
    return sorted(found, key=lambda pair: pair["prompt_index"])


def test_lines_become_pairs_with_the_scores_that_came_with_them(client: TestClient, beats: Beats) -> None:
    content = exchange.lines(
        [
            {"system": "Be brief.", "prompt": "Why?", "chosen": "So.", "rejected": "No.", "score_chosen": 2},
            {"prompt": "When?", "draft": "Then.", "revision": "Now.", "score_draft": -1.5, "score_revision": 0.25},
            {"prompt": "Who?", "chosen": "Me.", "rejected": "You.", "scores": {"a": {"chosen": 1, "rejected": 0}}},
        ]
    )
    id = exchange.imported(client, beats, content, metadata={"from": "elsewhere"})
    told = client.get(f"/datasets/{id}").json()
    assert (told["status"], told["metadata"]) == ("completed", {"from": "elsewhere"})
    assert told["request_counts"] == {"total": 3, "completed": 3, "failed": 0}
    first, second, third = pairs(client, id)
    assert [turn["role"] for turn in first["prompt"]] == ["system", "user"]
    assert (first["chosen"], first["rejected"], first["behavior"], first["engine"]) == ("So.", "No.", None, "import")
    assert (first["score_chosen"], first["score_rejected"], first["scorer"]) == (2.0, None, "given")
    assert (second["chosen"], second["rejected"]) == ("Now.", "Then.")
    assert (second["score_chosen"], second["score_rejected"]) == (0.25, -1.5)
    assert (third["score_chosen"], third["score_rejected"]) == (None, None)
    detail = client.get(f"/pairs/{third['id']}").json()["provenance"]
    assert detail["model"] is None
    told_scores = {(one["scorer"], one["answer"]): one["value"] for one in detail["scores"]}
    nothing = {("given", "draft"): None, ("given", "revision"): None}
    assert told_scores == {("a", "draft"): 0, ("a", "revision"): 1} | nothing
    funnel = client.get(f"/datasets/{id}/funnel").json()
    assert (funnel["asked"], funnel["produced"], funnel["scored"], funnel["kept"]) == (3, 3, 1, 3)


def test_the_weight_of_a_line_is_that_of_its_pair_in_training(client: TestClient, beats: Beats) -> None:
    values = [{"prompt": f"Why {n}?", "chosen": "So.", "rejected": "No.", "weight": n / 4} for n in range(3)]
    plain = [{"prompt": "When?", "chosen": "Then.", "rejected": "No."}]
    id = exchange.imported(client, beats, exchange.lines([*values, *plain]), split={"validation": 0})
    with transaction() as session:
        assert [row.weight for row in trained_pairs.for_training(session, id, "train")] == [0, 0.25, 0.5, None]
        assert weights.weighted(session, id) == 2


def test_pairs_are_scored_anew_and_filtered(client: TestClient, beats: Beats) -> None:
    content = exchange.lines(
        [
            {"prompt": "a", "chosen": "Here it is.", "rejected": "I'm sorry, I can't help with that.",
             "score_chosen": 5, "score_rejected": 4, "scores": {"rule:refusal": {"chosen": 9, "rejected": 9}}},
            {"prompt": "b", "chosen": "Same.", "rejected": "Same."},
        ]
    )  # fmt: skip
    reward = [{"kind": "rule", "rule": "refusal"}, {"kind": "given"}]
    id = exchange.imported(client, beats, content, reward=reward)
    first, second = pairs(client, id)
    assert first["scorer"] == "rule:refusal"
    assert {first["score_chosen"], first["score_rejected"]} == {0.0, 1.0}
    assert (first["verdict"], second["verdict"], second["reason"]) == ("kept", "dropped", "identical")
    told = client.get(f"/pairs/{first['id']}").json()["provenance"]["scores"]
    by_name = {one["scorer"]: one["value"] for one in told if one["answer"] == "revision"}
    assert by_name["given"] == 5
    assert by_name["given:rule:refusal"] == 9  # what the file says of a scorer is not what the scorer says


def test_a_scorer_of_the_file_is_named_by_its_label(client: TestClient, beats: Beats) -> None:
    scores = {"a": {"chosen": 1, "rejected": 0}, "harm": {"chosen": 0.5, "rejected": 0.75}}
    content = exchange.numbered(2, scores=scores, score_chosen=7)
    asked = [{"kind": "given", "label": "a"}, {"kind": "given", "label": "harm", "purpose": "cost"}]
    first, _ = pairs(client, exchange.imported(client, beats, content, reward=asked))
    assert (first["scorer"], first["score_chosen"], first["score_rejected"]) == ("a", 1.0, 0.0)
    told = client.get(f"/pairs/{first['id']}").json()["provenance"]["scores"]
    assert {(one["scorer"], one["purpose"]) for one in told} == {("a", "reward"), ("harm", "cost"), ("given", "reward")}


def test_a_cost_of_an_export_is_not_imported_as_a_reward(client: TestClient, beats: Beats) -> None:
    scores = {"harm": {"chosen": 0.5, "rejected": 0.75}}
    content = exchange.numbered(2, scores=scores, score_chosen=7, score_rejected=1)
    cost = {"kind": "given", "label": "harm", "purpose": "cost"}
    exported = client.get(f"/datasets/{exchange.imported(client, beats, content, reward=[{'kind': 'given'}, cost])}"
                          "/export?format=jsonl").content  # fmt: skip
    wrong = exchange.imported(client, beats, exported, reward={"kind": "given", "label": "harm"})
    told = client.get(f"/datasets/{wrong}").json()
    assert (told["status"], "'harm' gives costs" in told["error"]) == ("failed", True)
    right = exchange.imported(client, beats, exported, reward=[{"kind": "given"}, cost])
    assert client.get(f"/datasets/{right}").json()["status"] == "completed"


def test_evaluation_prompts_come_from_the_behavior(client: TestClient, beats: Beats) -> None:
    id = exchange.imported(client, beats, exchange.numbered(20), behavior="polite")
    assert {pair["behavior"] for pair in pairs(client, id)} == {"polite"}
    assert scene.number("SELECT count(*) FROM prompt WHERE split = 'evaluation'") == 3
    body = {"dataset": id, "student": ledger.STUDENT, "method": "dpo"}
    refused = client.post("/runs", json=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "evaluation.scorers")
    named = body | {"evaluation": {"scorers": [{"kind": "rule", "rule": "refusal"}]}}
    assert client.post("/runs", json=named).status_code == 202
    invariants.hold()


def test_the_same_prompt_stays_in_one_split_and_each_line_is_its_own(client: TestClient, beats: Beats) -> None:
    content = exchange.lines({"prompt": f"Why {n % 5}?", "chosen": f"a {n}", "rejected": "b"} for n in range(40))
    id = exchange.imported(client, beats, content, split={"validation": 0.5})
    rows = pairs(client, id)
    assert len({pair["prompt_index"] for pair in rows}) == 40
    splits = {
        pair["prompt"][0]["content"]: {p["split"] for p in rows if p["prompt"] == pair["prompt"]} for pair in rows
    }
    assert all(len(found) == 1 for found in splits.values())
    assert len({split for found in splits.values() for split in found}) == 2


def test_what_cannot_be_imported_is_refused_with_its_field(client: TestClient) -> None:
    file = exchange.upload(client, exchange.numbered(1))
    prompts = client.post("/files", data={"purpose": "prompts"}, files={"file": ("a", b'{"text": "Why?"}')}).json()[
        "id"
    ]
    for body, status, param in (
        ({"file": "file-none"}, 400, "file"),
        ({"file": prompts}, 400, "file"),
        ({"file": file, "behavior": "rude"}, 400, "behavior"),
        ({"file": file, "reward": {"kind": "classifier", "model": "none"}}, 400, "reward.model"),
        ({"file": file, "reward": {"kind": "judge", "model": "m"}}, 400, "behavior"),
        ({"file": file, "reward": []}, 422, "reward"),
        ({"file": file, "rounds": 2}, 422, "rounds"),
    ):
        answer = client.post("/datasets/import", json=body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text
    given = client.post("/datasets", json={"behavior": "polite", "reward": {"kind": "given"}})
    assert given.status_code == 422
    other = client.post("/datasets", json={"behavior": "polite", "strategy": "import", "pairs": file})
    assert other.json()["error"]["param"] == "pairs"
    assert client.post("/datasets", json={"behavior": []}).json()["error"]["param"] == "behavior"


def test_a_file_stays_while_an_import_needs_it(client: TestClient, beats: Beats) -> None:
    file = exchange.upload(client, exchange.numbered(2))
    id = exchange.ask(client, file)
    refused = client.delete(f"/files/{file}")
    assert refused.status_code == 409
    assert id in refused.json()["error"]["message"]
    exchange.work_off(beats)
    assert client.delete(f"/files/{file}").status_code == 200
    assert len(pairs(client, id)) == 2


def test_a_file_that_is_damaged_or_gone_fails_the_import_at_once(client: TestClient, beats: Beats) -> None:
    damaged, gone = (exchange.upload(client, exchange.numbered(2)) for _ in range(2))
    (settings().data_dir / "files" / damaged).write_bytes(exchange.numbered(3))
    (settings().data_dir / "files" / gone).unlink()
    for file, told in ((damaged, "damaged"), (gone, "deleted")):
        id = exchange.ask(client, file)
        exchange.work_off(beats)
        row = client.get(f"/datasets/{id}").json()
        assert (row["status"], told in row["error"]) == ("failed", True), row


def test_an_import_is_paused_and_goes_on_behind_the_last_line(client: TestClient, beats: Beats) -> None:
    id = exchange.ask(client, exchange.upload(client, exchange.numbered(50)))
    stop = _Counting(2)
    desk = ScoringDesk(beats, "a test")
    desk.drain(stop)
    assert scene.chains(id) == 16
    assert client.post(f"/datasets/{id}/pause").json()["request_counts"]["completed"] == 16
    assert client.post(f"/datasets/{id}/resume").status_code == 202
    exchange.work_off(beats)
    assert scene.state(id) == "completed"
    assert (scene.chains(id), scene.pairs(id)) == (50, 50)
    with transaction() as session:
        assert (
            session.scalars(select(Chain.model_fingerprint).distinct()).all()
            == session.scalars(select(File.sha256)).all()
        )
    invariants.hold()


class _Counting(threading.Event):
    """Is set once it was asked so often whether it is."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._left = times

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


# The server cuts its own connection in the middle of the third chunk; a sequence remembers it past the rollback.
CUT = """
CREATE SEQUENCE chunks;
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('chunks') = 3 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER cut BEFORE INSERT ON prompt FOR EACH STATEMENT EXECUTE FUNCTION cut();
"""


def test_an_import_goes_on_when_its_connection_breaks(client: TestClient, beats: Beats) -> None:
    id = exchange.ask(client, exchange.upload(client, exchange.numbered(50)))
    with transaction() as session:
        session.execute(text(CUT))
    exchange.work_off(beats)
    assert scene.number("SELECT last_value FROM chunks") == 5  # four chunks, one of them twice
    assert scene.state(id) == "completed"
    assert (scene.chains(id), scene.pairs(id)) == (50, 50)
    invariants.hold()


def test_a_cancelled_import_keeps_what_was_read(client: TestClient, beats: Beats) -> None:
    id = exchange.ask(client, exchange.upload(client, exchange.numbered(50)))
    ScoringDesk(beats, "a test").drain(_Counting(3))
    assert client.post(f"/datasets/{id}/cancel").json()["status"] == "cancelled"
    with transaction() as session:
        assert shards.claim(session, queue=Queue.score, owner="a test") is None
    assert 0 < scene.chains(id) < 50
