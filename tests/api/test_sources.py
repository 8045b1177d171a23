"""Sources at the door: what they name must be there; how far they are read is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from core.database import engine, transaction
from tests.factories import ledger, scene, sources
from workers.lease import Beats


@pytest.fixture
def root(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return sources.data_root(tmp_path / "data-root", monkeypatch)


def post(client: TestClient, source: Any, path: str = "/datasets", **asked: Any) -> Any:
    """The answer to a request with this source."""
    return client.post(path, json={"behavior": "polite", "source": source} | asked)


@pytest.mark.parametrize(
    ("source", "status", "param"),
    [
        ({"kind": "dataset", "dataset": "ds_none"}, 400, "source.dataset"),
        ({"kind": "parquet", "path": "none.parquet"}, 400, "source.path"),
        ({"kind": "parquet", "path": "../x.parquet"}, 400, "source.path"),
        ({"kind": "parquet", "path": "/etc/passwd"}, 400, "source.path"),
        ({"kind": "parquet"}, 422, "source.path"),
        ({"kind": "hub", "repo": "no-owner"}, 422, "source.repo"),
        ({"kind": "hub", "repo": "owner/../name"}, 422, "source.repo"),
        ({"kind": "hub", "repo": "owner/na..me"}, 422, "source.repo"),
        ({"kind": "hub", "repo": "owner/name", "secret": "none"}, 400, "source.secret"),
        ({"kind": "file", "file": "file-1"}, 400, "source.file"),
        ({"kind": "carrier-pigeon"}, 422, "source"),
        ({"kind": "topics", "topics": []}, 422, "source.topics"),
        ({"kind": "topics", "topics": ["a"] * 1_001, "per_topic": 1_000}, 400, "source.topics"),
    ],
)
def test_a_source_that_is_not_there_is_refused_by_field(
    source: Any, status: int, param: str, client: TestClient, root: Path
) -> None:
    answer = post(client, source)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text
    body = {"dataset": {"behavior": "polite", "source": source}}
    assert client.post("/distillations", json=body).json()["error"]["param"] == f"dataset.{param}"


@pytest.mark.parametrize("source", [{"kind": "topics", "topics": ["sea"]}, {"kind": "hub", "repo": "owner/name"}])
def test_templates_that_the_behavior_lacks_are_missed_before_a_source_is_read(
    source: Any, client: TestClient, root: Path
) -> None:
    bare = ledger.behavior("bare", evaluation_prompts=0).model_dump(mode="json")
    assert client.post("/behaviors", json=bare).status_code == 201
    asked = {"behavior": "bare", "source": source, "wrappers": True, "n_prompts": 5}
    for path in ("/datasets", "/datasets/preview", "/estimates"):
        answer = client.post(path, json=asked)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "wrappers"), answer.text
    answer = client.post("/distillations", json={"dataset": asked})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "dataset.wrappers"), answer.text


def test_a_dataset_that_is_not_completed_or_not_ours_is_no_source(client: TestClient, root: Path) -> None:
    with transaction() as session:
        ours = ledger.made_dataset(session).id
        waiting = ledger.dataset(session).id
        theirs = ledger.other_project(session)
    answer = post(client, {"kind": "dataset", "dataset": waiting})
    assert (answer.status_code, answer.json()["error"]["param"]) == (409, "source.dataset")
    assert post(client, {"kind": "dataset", "dataset": ours}).status_code == 202
    scene.change("UPDATE dataset SET project_id = :other WHERE id = :id", other=theirs, id=ours)
    answer = post(client, {"kind": "dataset", "dataset": ours})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "source.dataset")


def test_reading_is_a_stage_and_the_total_grows(client: TestClient, root: Path) -> None:
    sources.write(root / "prompts.parquet", ["one", "", "two", "three"])
    made = post(client, {"kind": "parquet", "path": "prompts.parquet"}, samples_per_prompt=2).json()
    assert made["stages"]["gather"] == {"total": 0, "completed": 0, "failed": 0}
    assert made["request_counts"]["total"] == 0
    with Beats() as beats:
        sources.gather(beats)
    read = client.get(f"/datasets/{made['id']}").json()
    assert list(read["stages"]) == ["gather", "generate", "score", "pair"]
    assert read["stages"]["gather"] == {"total": 4, "completed": 3, "failed": 1}
    assert read["request_counts"] == {"total": 6, "completed": 0, "failed": 0}
    with transaction() as session:
        ledger.work_off(session)
    ended = client.get(f"/datasets/{made['id']}").json()
    assert (ended["status"], ended["request_counts"]["completed"]) == ("completed", 6)
    assert client.get(f"/dashboard/datasets/{made['id']}").status_code in (200, 303)


def test_a_preview_takes_the_first_five_prompts_of_the_source(client: TestClient, root: Path) -> None:
    sources.write(root / "prompts.parquet", [f"question {n}" for n in range(20)])
    preview = post(client, {"kind": "parquet", "path": "prompts.parquet"}, "/datasets/preview")
    assert preview.status_code == 202, preview.text
    with Beats() as beats:
        sources.gather(beats)
    assert sources.words(preview.json()["id"]) == [f"question {n}" for n in range(5)]


def test_a_page_of_datasets_asks_for_their_progress_once(client: TestClient) -> None:
    asked: list[str] = []
    for _ in range(3):
        client.post("/datasets", json={"behavior": "polite", "n_prompts": 1})
    event.listen(engine(), "before_cursor_execute", lambda *call: asked.append(call[2]))
    rows = client.get("/datasets").json()["data"]
    assert len(rows) == 3
    assert sum("FROM shard" in statement for statement in asked) == 1


def test_topics_are_counted_before_they_are_written(client: TestClient, root: Path) -> None:
    source = {"kind": "topics", "topics": ["sea", "sky", "soil"], "per_topic": 4}
    made = post(client, source, samples_per_prompt=2).json()
    assert made["stages"]["grow"] == {"total": 12, "completed": 0, "failed": 0}
    assert made["request_counts"]["total"] == 24
    assert post(client, source, "/estimates").json()["chains"] == 12
    preview = post(client, source, "/datasets/preview").json()
    assert preview["stages"]["grow"]["total"] == 5


def test_an_uploaded_file_of_prompts_is_a_source_and_one_of_pairs_is_none(client: TestClient, root: Path) -> None:
    prompts = b"".join(
        json.dumps({"text": f"question {n}", "guard": n % 2 == 0, "tags": {"n": str(n)}}).encode() + b"\n"
        for n in range(15)
    )
    pairs = b'{"prompt": "Why?", "chosen": "Because.", "rejected": "No."}\n'
    ids = {
        purpose: client.post("/files", data={"purpose": purpose}, files={"file": ("a.jsonl", content)}).json()["id"]
        for purpose, content in (("prompts", prompts), ("pairs", pairs))
    }
    wrong = post(client, {"kind": "file", "file": ids["pairs"]})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "source.file")
    made = post(client, {"kind": "file", "file": ids["prompts"]}, n_prompts=12).json()["id"]
    assert client.delete(f"/files/{ids['prompts']}").status_code == 409
    with Beats() as beats:
        sources.gather(beats)
    assert sources.words(made) == [f"question {n}" for n in range(12)]
    assert [(row.guard, row.tags) for row in sources.prompts(made)][:2] == [(True, {"n": "0"}), (False, {"n": "1"})]
