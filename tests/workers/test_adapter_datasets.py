"""A dataset whose teacher is an adapter, from the request to the cache, with the real engine."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.main import create_door
from core.database import transaction
from core.queries import datasets
from core.settings import ROOT
from tests.factories import ledger, scene
from tests.factories.models import lora_adapter
from tests.factories.world import furnish
from workers.engine.weights import weights
from workers.generation import GeneratingDesk
from workers.lease import Beats

PROMPTS = [{"text": f"Tell me about the {thing}."} for thing in ("moon", "sea", "bread", "sky")]
ASKED = {
    "behavior": "polite",
    "prompts": PROMPTS,
    "teacher": {"engine": "transformers", "model": "tuned", "sampling": {"max_tokens": 32}},
}


@pytest.fixture
def door(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A door, and under its model root the miniature's teacher with an adapter."""
    models = furnish(tmp_path, monkeypatch)
    shutil.copytree(ROOT / "tiny" / "models" / "tiny-teacher", models / "tiny-teacher")
    lora_adapter(models / "tuned", base=models / "tiny-teacher", name="tiny-teacher")
    key = make_first_key()
    with TestClient(create_door(), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {key}"}) as client:
        yield client


def drain() -> str | None:
    """Everything that waits is generated; the model that was loaded for it."""
    with Beats() as beats:
        desk = GeneratingDesk(beats, "a test")
        desk.drain(threading.Event())
        loaded = desk.model
        desk.close()
    return loaded


def test_an_adapter_teaches_and_its_turns_are_cached_under_its_own_name(door: TestClient) -> None:
    first = door.post("/datasets", json=ASKED).json()["id"]
    assert drain() == "tuned"
    made = scene.rows("SELECT DISTINCT model_fingerprint, engine FROM chain")
    assert made == [(weights("tuned").fingerprint, "transformers")]
    assert scene.chains(first) == len(PROMPTS)
    again = door.post("/datasets", json=ASKED).json()["id"]
    assert drain() is None  # nothing was left to ask for
    assert scene.chains(again) == len(PROMPTS)
    with transaction() as session:
        cost, free = datasets.progress(session, first), datasets.progress(session, again)
    assert cost["tokens"] > 0
    assert (free["tokens"], free["prompt_tokens"]) == (0, 0)
    assert free["hits"] == scene.number("SELECT count(*) FROM cached_turn") > 0


def test_an_adapter_is_listed_and_refused_where_a_whole_model_is_needed(door: TestClient) -> None:
    listed = {model["id"]: model["kind"] for model in door.get("/models").json()["data"]}
    assert listed["tuned"] == "adapter"
    run = {"dataset": {"behavior": "polite"}, "student": "tuned"}
    for path, body, param in (
        ("/distillations", run, "student"),
        ("/datasets", {"behavior": "polite", "reward": {"model": "tuned"}}, "reward.model"),
    ):
        answer = door.post(path, json=body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
        assert "is an adapter, which only teachers may be" in answer.json()["error"]["message"]


def test_an_adapter_over_a_base_that_is_not_there_fails_its_dataset_by_name(door: TestClient, tmp_path: Path) -> None:
    file = tmp_path / "models" / "tuned" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": "gone"}))
    id = door.post("/datasets", json=ASKED).json()["id"]
    drain()
    [(state, error)] = scene.rows("SELECT state, error FROM dataset WHERE id = :id", id=id)
    assert state == "failed"
    assert "There is no model named 'gone'" in error
    assert ledger.TEACHER in error
