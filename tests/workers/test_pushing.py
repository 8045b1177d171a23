"""Datasets on their way to the hub: what arrives there, and what its refusals and silences lead to."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from starlette.testclient import TestClient

from core.database import transaction
from core.settings import reread, settings
from tests.factories import exchange, ledger, scene, trainings
from tests.factories.processes import wait_until
from tests.factories.world import furnish
from tests.fakes import receiving_hub as fake
from workers import advance
from workers.lease import Beats
from workers.scoring import ScoringDesk

CANARY = "hf_canary_5d1f"


@pytest.fixture
def hub() -> Iterator[fake.Hub]:
    with fake.serving() as one:
        yield one


@pytest.fixture
def client(database: str, hub: fake.Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("BURNISH_HUB_ENDPOINT", hub.url)
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    furnish(tmp_path, monkeypatch)
    door = exchange.door()
    door.post("/secrets", json={"name": "hub", "value": CANARY})
    return door


@pytest.fixture
def beats(database: str) -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def made() -> str:
    """A dataset of twenty pairs, three of them for validation."""
    return trainings.made_pairs(n_prompts=20, validation=3)


def push(client: TestClient, beats: Beats, id: str, **asked: Any) -> dict[str, Any]:
    """Ask for a push and let a worker carry it out; what became of it."""
    answer = client.post(f"/datasets/{id}/push", json={"repo": "me/pairs", "secret": "hub"} | asked)
    assert answer.status_code == 202, answer.text
    exchange.work_off(beats)
    found: dict[str, Any] = client.get(f"/datasets/{id}/pushes").json()["data"][0]
    return found


def test_the_kept_pairs_arrive_by_split_with_their_card(
    client: TestClient, beats: Beats, hub: fake.Hub, tmp_path: Path
) -> None:
    told = push(client, beats, made())
    assert (told["status"], told["error"]) == ("done", None)
    assert told["url"] == f"{hub.url}/datasets/me/pairs"
    assert set(hub.tokens) == {f"Bearer {CANARY}"}
    assert hub.private == {"me/pairs": True}
    files = hub.repos["me/pairs"]
    assert set(files) == {
        "README.md", "data/train-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet",
    }  # fmt: skip
    for name, content in files.items():
        path = tmp_path / "clone" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found = load_dataset(str(tmp_path / "clone"), cache_dir=str(tmp_path / "cache"))  # by the card's own words
    assert {split: len(rows) for split, rows in found.items()} == {"train": 17, "validation": 3}
    assert not (settings().data_dir / "pushes").exists() or not any((settings().data_dir / "pushes").iterdir())
    assert scene.number("SELECT count(*) FROM shard WHERE stage = 'push' AND completed = 1 AND state = 'done'") == 1


def test_a_later_push_replaces_the_earlier_one(client: TestClient, beats: Beats, hub: fake.Hub) -> None:
    id = made()
    push(client, beats, id)
    assert push(client, beats, id, format="trl")["status"] == "done"
    files = hub.repos["me/pairs"]
    assert set(files) == {"README.md", "data/train-00000-of-00001.jsonl", "data/validation-00000-of-00001.jsonl"}
    assert "score_chosen" in json.loads(files["data/train-00000-of-00001.jsonl"].splitlines()[0])
    assert len(hub.commits) == 2


def test_what_the_hub_refuses_fails_the_push_alone(client: TestClient, beats: Beats, hub: fake.Hub) -> None:
    hub.failing = [403, 403]
    id = made()
    told = push(client, beats, id)
    assert told["status"] == "failed"
    assert "403" in told["error"]
    assert CANARY not in json.dumps(told)
    assert client.get(f"/datasets/{id}").json()["status"] == "completed"
    assert push(client, beats, id)["status"] == "done"


@pytest.mark.parametrize("at", ["/repos/create", "/commit/"])
def test_a_hub_that_does_not_answer_is_waited_for(
    at: str, client: TestClient, beats: Beats, hub: fake.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_HUB_SECONDS", "0.3")
    reread()
    hub.failing, hub.at = [503, 429, "reset", "hang"], at
    id = made()
    assert push(client, beats, id)["status"] == "done"
    assert hub.failing == []
    assert scene.number("SELECT attempts FROM shard WHERE stage = 'push'") == 1  # waiting is nobody's fault
    events = [event["message"] for event in client.get(f"/datasets/{id}/events").json()["data"]]
    for told in ("answers 503: Not now.", "answers 429: Not now.", "does not answer: timed out."):
        assert f"Waiting: The hub {told}" in events


def test_a_hub_that_cannot_be_reached_is_waited_for(
    client: TestClient, beats: Beats, hub: fake.Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BURNISH_HUB_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("BURNISH_RETRY_SECONDS", "1000")
        reread()
        id = made()
        told = push(client, beats, id)
    assert (told["status"], told["error"]) == ("queued", "The hub does not answer: [Errno 111] Connection refused.")
    assert scene.number("SELECT attempts FROM shard WHERE stage = 'push' AND state = 'queued'") == 0
    monkeypatch.setenv("BURNISH_HUB_ENDPOINT", hub.url)
    reread()
    scene.change("UPDATE shard SET available_at = clock_timestamp()")
    exchange.work_off(beats)
    assert client.get(f"/datasets/{id}/pushes").json()["data"][0]["status"] == "done"


def test_a_push_that_hangs_holds_up_neither_other_work_nor_the_end_of_its_worker(
    client: TestClient, beats: Beats, hub: fake.Hub
) -> None:
    hub.failing = ["hang"]
    id = made()
    assert client.post(f"/datasets/{id}/push", json={"repo": "me/pairs", "secret": "hub"}).status_code == 202
    desk, stop = ScoringDesk(beats, "a test"), threading.Event()
    worker = threading.Thread(target=desk.drain, args=(stop,))
    worker.start()
    assert hub.hanging.wait(60)
    other = exchange.ask(client, exchange.upload(client, exchange.numbered(5)))
    assert wait_until(lambda: _completed(other), seconds=60)
    stop.set()
    worker.join(60)
    desk.close()
    assert not worker.is_alive()
    assert scene.number("SELECT attempts FROM shard WHERE stage = 'push' AND state = 'queued'") == 0
    hub.over.set()
    assert wait_until(lambda: not any(one.name.startswith("shard ") for one in threading.enumerate()), seconds=60)
    assert hub.commits == []
    exchange.work_off(beats)
    assert client.get(f"/datasets/{id}/pushes").json()["data"][0]["status"] == "done"


def _completed(id: str) -> bool:
    advance.everything()
    return scene.state(id) == "completed"


def test_a_secret_that_is_gone_fails_the_push(client: TestClient, beats: Beats) -> None:
    id = made()
    client.post(f"/datasets/{id}/push", json={"repo": "me/pairs", "secret": "hub"})
    client.delete("/secrets/hub")
    exchange.work_off(beats)
    told = client.get(f"/datasets/{id}/pushes").json()["data"][0]
    assert (told["status"], "hub" in told["error"]) == ("failed", True)


def test_what_cannot_be_pushed_is_refused_with_its_field(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    id = made()
    with transaction() as session:
        waiting = ledger.dataset(session).id
    for path, body, status, param in (
        (id, {"repo": "me/pairs"}, 400, "secret"),
        (id, {"repo": "me/pairs", "secret": "other"}, 400, "secret"),
        (id, {"repo": "../pairs", "secret": "hub"}, 422, "repo"),
        (waiting, {"repo": "me/pairs", "secret": "hub"}, 409, None),
        ("ds_none", {"repo": "me/pairs", "secret": "hub"}, 404, None),
    ):
        answer = client.post(f"/datasets/{path}/push", json=body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text
    monkeypatch.setenv("BURNISH_HUB_TOKEN", CANARY)
    reread()
    assert client.post(f"/datasets/{id}/push", json={"repo": "me/pairs"}).status_code == 202
