"""One key, one effect, one answer."""

import json
from typing import Any

from sqlalchemy import func, select, text, update
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import idempotency_keys
from core.tables import DEFAULT_PROJECT, ApiKey, Dataset, IdempotencyKey
from tests.api.conftest import ADDRESS, Visitor

BODY = {"behavior": "polite", "n_prompts": 2}


def post(client: TestClient, path: str = "/datasets", body: Any = BODY, key: str = "mine") -> Any:
    """A POST under a key."""
    return client.post(path, json=body, headers={"idempotency-key": key})


def datasets() -> int:
    """How many datasets there are."""
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Dataset)) or 0


def test_the_same_key_and_body_repeats_the_first_answer(client: TestClient) -> None:
    first, second = post(client), post(client)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert datasets() == 1


def test_the_same_key_with_another_body_or_path_is_refused(client: TestClient) -> None:
    id = post(client).json()["id"]
    for path, body in (("/datasets", BODY | {"n_prompts": 3}), (f"/datasets/{id}/cancel", None)):
        answer = post(client, path, body)
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "idempotency_mismatch"
        assert answer.headers["x-should-retry"] == "false"
    assert datasets() == 1


def test_a_request_in_flight_holds_its_key(client: TestClient) -> None:
    with transaction() as session:
        assert idempotency_keys.take(session, DEFAULT_PROJECT, "mine")
        answer = post(client)
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "idempotency_in_flight"
        assert answer.headers["retry-after"] == "1"
    assert post(client).status_code == 202


def test_a_refused_request_leaves_its_key_free(client: TestClient) -> None:
    assert post(client, body={"behavior": "rude"}).status_code == 400
    assert post(client).status_code == 202


def test_a_key_is_forgotten_after_a_day(client: TestClient) -> None:
    post(client)
    with transaction() as session:
        day = text("now() - interval '25 hours'")
        session.execute(update(IdempotencyKey).values(created_at=day))
    assert "idempotent-replayed" not in post(client).headers
    assert datasets() == 2


def test_a_move_under_a_key_happens_once(client: TestClient) -> None:
    id = post(client).json()["id"]
    first = post(client, f"/datasets/{id}/pause", None, "pause")
    client.post(f"/datasets/{id}/resume")
    again = post(client, f"/datasets/{id}/pause", None, "pause")
    assert again.content == first.content
    assert client.get(f"/datasets/{id}").json()["status"] == "in_progress"


def test_a_new_api_key_is_replayed_but_its_text_is_stored_nowhere(visitor: Visitor) -> None:
    body = {"name": "robot", "scopes": ["read"]}
    first, second = (post(visitor.client, "/keys", body) for _ in range(2))
    assert second.json() == first.json()
    made = first.json()["key"]
    with transaction() as session:
        stored = session.scalars(select(IdempotencyKey.body)).one()
        assert stored is not None
        assert made.encode() not in stored
        assert made.split("_")[-1].encode() not in stored
        hashes = session.scalars(select(ApiKey.hash)).all()
        assert all(len(digest) == 32 for digest in hashes)


def test_another_admin_cannot_read_a_new_key_by_replaying_its_request(visitor: Visitor) -> None:
    body = {"name": "robot", "scopes": ["read"]}
    admin = post(visitor.client, "/keys", {"name": "second", "scopes": ["admin"]}, "one").json()["key"]
    post(visitor.client, "/keys", body, "two")
    headers = {"authorization": f"Bearer {admin}", "host": ADDRESS.removeprefix("http://")}
    answer = visitor.client.post("/keys", json=body, headers=headers | {"idempotency-key": "two"})
    assert answer.status_code == 422


def test_a_key_that_is_no_visible_text_is_refused(client: TestClient) -> None:
    for key in ("", "a b", "x" * 256):
        answer = post(client, key=key)
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, "Idempotency-Key"), key
    assert json.loads(post(client, key="x" * 255).content)["object"] == "dataset"
