"""The cache of turns over HTTP."""

from starlette.testclient import TestClient

from core.database import transaction
from core.queries import cached_turns
from core.tables import DEFAULT_PROJECT
from tests.factories import ledger, scene


def keep(project_id: str, number: int) -> None:
    """One turn in the cache of a project."""
    row = {"key": bytes([number]) * 32, "text": "four", "token_ids": b"12345678", "finish": "stop"}
    row |= {"tokens": 2, "prompt_tokens": 5, "model_fingerprint": "f"}
    with transaction() as session:
        cached_turns.store(session, [row | {"project_id": project_id}])


def test_the_cache_tells_its_size_and_use_and_is_trimmed_by_age(client: TestClient) -> None:
    for number in range(3):
        keep(DEFAULT_PROJECT, number)
    with transaction() as session:
        cached_turns.used(session, DEFAULT_PROJECT, [bytes([1]) * 32])
    assert client.get("/cache").json() == {"object": "cache", "turns": 3, "bytes": 3 * 12, "hits": 1}
    scene.change("UPDATE cached_turn SET used_at = used_at - interval '10 days' WHERE hits = 0")
    assert client.post("/cache/trim", json={"unused_days": 9}).json()["forgotten"] == 2
    assert client.get("/cache").json()["turns"] == 1
    assert client.post("/cache/trim", json={"unused_days": 6e-146}).status_code == 200


def test_a_project_sees_and_trims_only_its_own_turns(client: TestClient) -> None:
    with transaction() as session:
        other = ledger.other_project(session)
    keep(other, 1)
    assert client.get("/cache").json()["turns"] == 0
    assert client.post("/cache/trim", json={"unused_days": 0}).json()["forgotten"] == 0
    with transaction() as session:
        assert cached_turns.stats(session, other).turns == 1
