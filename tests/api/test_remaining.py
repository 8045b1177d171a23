"""How long a dataset still takes: its slowest open stage says it."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import shards
from core.tables import DEFAULT_PROJECT
from tests.factories import ledger, scene

WORKED = 20.0  # seconds


def stage(id: str, name: str, *, completed: int) -> None:
    """A stage of twelve rows that was begun an hour ago and is so far."""
    row = {"project_id": DEFAULT_PROJECT, "dataset_id": id, "run_id": None, "role": None, "stage": name, "first": 0}
    found = scene.number("SELECT count(*) FROM shard WHERE stage = :name", name=name)
    if not found:
        with transaction() as session:
            shards.add(session, [row | {"model": ledger.REWARD, "last": 11, "total": 12}])
    begun = "started_at = clock_timestamp() - interval '1 hour'"
    scene.change(f"UPDATE shard SET completed = :done, {begun} WHERE stage = :name", done=completed, name=name)


def remaining(client: TestClient, id: str) -> Any:
    told = client.get(f"/datasets/{id}").json()["seconds_remaining"]
    return told and pytest.approx(told["seconds"])


def test_the_slowest_open_stage_says_how_long_a_dataset_still_takes(client: TestClient) -> None:
    scorers = [{"model": ledger.REWARD}, {"kind": "rule", "rule": "length"}]
    id = client.post("/datasets", json={"behavior": "polite", "reward": scorers}).json()["id"]
    assert remaining(client, id) is None
    scene.change("UPDATE dataset SET worked_seconds = :worked", worked=WORKED)  # an hour with its pauses and waits
    stage(id, "generate", completed=8)
    assert remaining(client, id) == WORKED / 8 * 4
    stage(id, "score", completed=2)
    assert remaining(client, id) == WORKED / 2 * 22  # twelve chains, two scorers
    stage(id, "generate", completed=12)
    assert remaining(client, id) == WORKED / 2 * 22
    stage(id, "score", completed=23)
    stage(id, "pair", completed=4)
    assert remaining(client, id) == WORKED / 4 * 8
    told = client.get(f"/datasets/{id}").json()["seconds_remaining"]
    assert told["low"] < told["seconds"] < told["high"]
    stage(id, "score", completed=24)
    stage(id, "pair", completed=12)
    assert remaining(client, id) is None
    stage(id, "sift", completed=3)
    assert remaining(client, id) == WORKED / 3 * 9
    assert client.get(f"/datasets/{id}").json()["stages"]["sift"] == {"total": 12, "completed": 3, "failed": 0}


def test_a_stage_that_was_begun_late_is_measured_from_its_own_beginning(client: TestClient) -> None:
    id = client.post("/datasets", json={"behavior": "polite"}).json()["id"]
    scene.change("UPDATE dataset SET worked_seconds = 1800")
    stage(id, "generate", completed=12)
    stage(id, "score", completed=6)
    scene.change("UPDATE shard SET started_at = started_at + interval '55 minutes' WHERE stage = 'score'")
    told = client.get(f"/datasets/{id}").json()["seconds_remaining"]["seconds"]
    assert 300 <= told < 360
