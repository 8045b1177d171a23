"""Keys: their text, their scopes, and that every route says which one it needs."""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import text, update
from starlette.testclient import TestClient

from api.auth import Scope
from api.deps import Open, Requires
from api.first_key import make_first_key
from api.main import create_app
from api.secret import hash_of, make_key, parse
from core.database import transaction
from core.tables import ApiKey
from tests.api.conftest import Visitor

PUBLIC = {"/healthz", "/readyz", "/metrics"}
ADMIN = {"/keys", "/keys/{id}", "/secrets", "/secrets/{name}"}


def routes() -> list[APIRoute]:
    """Every route of the JSON surface."""
    return [route for route in create_app().routes if isinstance(route, APIRoute) and route.include_in_schema]


def calls(dependant: Dependant) -> Iterator[object]:
    """Everything a route depends on, however deep."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def scopes(route: APIRoute) -> set[Scope]:
    """The scopes a route declares."""
    return {call.scope for call in calls(route.dependant) if isinstance(call, Requires | Open)}


def test_every_route_declares_one_scope_and_reading_routes_ask_for_read(database: str) -> None:
    for route in routes():
        asked = scopes(route)
        if route.path in PUBLIC:
            assert asked == {Scope.public}, route.path
        elif route.path in ADMIN:
            assert asked == {Scope.admin}, route.path
        else:
            assert asked == {Scope.read if route.methods == {"GET"} else Scope.write}, route.path


def test_every_post_reads_an_idempotency_key(database: str) -> None:
    document = create_app().openapi()
    posts = [operation["post"] for operation in document["paths"].values() if "post" in operation]
    assert len(posts) >= 10
    for operation in posts:
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]], operation["summary"]


def test_every_route_that_needs_a_key_refuses_a_stranger_and_a_key_of_too_small_a_scope(visitor: Visitor) -> None:
    made = visitor.client.post("/keys", json={"scopes": ["read"]}).json()["key"]
    for route in routes():
        if route.path in PUBLIC:
            continue
        method, path = next(iter(route.methods)), route.path.replace("{name:path}", "x").replace("{id}", "x")
        stranger = visitor.client.request(method, path, json={}, headers={"authorization": ""})
        assert stranger.status_code == 401, (method, path)
        assert stranger.headers["www-authenticate"] == "Bearer"
        if scopes(route) != {Scope.read}:
            reader = visitor.client.request(method, path, json={}, headers={"authorization": f"Bearer {made}"})
            assert reader.status_code == 403, (method, path)
            assert reader.json()["error"]["type"] == "permission_error"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer x",
        "Basic eDp5",
        "Bearer bk_" + "0" * 26 + "_" + "0" * 59,
        pytest.param("Bearer " + make_key("key_" + "0" * 26), id="of nobody"),  # random: names of tests are not
        "Bearer b\u00e9",
    ],
)
def test_a_malformed_or_unknown_key_opens_nothing(stranger: TestClient, header: str) -> None:
    answer = stranger.get("/datasets", headers={"authorization": header.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_key_with_one_letter_changed_opens_nothing(visitor: Visitor) -> None:
    for place in (5, 40, -1):
        letters = list(visitor.key)
        letters[place] = "0" if letters[place] != "0" else "1"
        changed = {"authorization": f"Bearer {''.join(letters)}"}
        assert visitor.client.get("/datasets", headers=changed).status_code == 401


def test_a_revoked_key_opens_nothing_and_stays_listed(visitor: Visitor) -> None:
    made = visitor.client.post("/keys", json={"name": "robot"}).json()
    assert made["scopes"] == ["read", "write"]
    headers = {"authorization": f"Bearer {made['key']}"}
    assert visitor.client.get("/datasets", headers=headers).status_code == 200
    revoked = visitor.client.delete(f"/keys/{made['id']}").json()
    assert visitor.client.get("/datasets", headers=headers).status_code == 401
    assert visitor.client.delete(f"/keys/{made['id']}").json() == revoked
    listed = visitor.client.get("/keys").json()["data"]
    assert listed[0]["id"] == made["id"]
    assert all("key" not in row for row in listed)


def test_an_expired_key_opens_nothing(visitor: Visitor) -> None:
    body = {"expires_at": "2099-01-01T00:00:00+01:00"}
    made = visitor.client.post("/keys", json=body).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    assert visitor.client.get("/datasets", headers=headers).status_code == 200
    with transaction() as session:
        past = text("clock_timestamp() - interval '1 second'")
        session.execute(update(ApiKey).where(ApiKey.id == made["id"]).values(expires_at=past))
    assert visitor.client.get("/datasets", headers=headers).status_code == 401


def test_a_time_without_offset_or_in_the_past_is_refused(visitor: Visitor) -> None:
    for moment, status in (("2099-01-01T00:00:00", 422), ("1999-01-01T00:00:00Z", 400), ("soon", 422)):
        answer = visitor.client.post("/keys", json={"expires_at": moment})
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, "expires_at")


def test_keys_are_random_recognisable_and_hashed() -> None:
    id = "key_" + "7" * 26
    one, other = make_key(id), make_key(id)
    assert one != other
    assert one.startswith("bk_" + "7" * 26)
    found = parse(one)
    assert found is not None
    assert (found.id, found.hash) == (id, hash_of(one))
    assert parse(one + "0") is None
    assert parse(one[:-1]) is None


def test_the_first_key_is_made_once(world: object) -> None:
    assert make_first_key() is not None
    assert make_first_key() is None
