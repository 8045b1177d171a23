"""What every answer has in common."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import structlog
import yaml
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from api.body import BodyGuard
from api.edge import Edge
from api.hosts import host_name
from api.main import create_app, create_door
from core.database import engine, transaction
from core.queries import behaviors
from core.settings import reread, settings
from core.tables import DEFAULT_PROJECT
from tests.api.conftest import ADDRESS
from tests.conftest import forget_settings
from tests.factories import ledger

Ask = Callable[[TestClient], Any]

ERRORS: list[tuple[str, Ask, int, str]] = [
    ("no such route", lambda c: c.get("/nowhere"), 404, "not_found_error"),
    ("no such object", lambda c: c.get("/datasets/ds_x"), 404, "not_found_error"),
    ("another method", lambda c: c.put("/datasets"), 405, "invalid_request_error"),
    ("no key", lambda c: c.get("/datasets", headers={"authorization": ""}), 401, "authentication_error"),
    ("a wrong field", lambda c: c.post("/datasets", json={"behavior": 1}), 422, "invalid_request_error"),
    ("not JSON", lambda c: c.post("/datasets", content=b"{"), 415, "invalid_request_error"),
    ("another host", lambda c: c.get("/healthz", headers={"host": "evil.example"}), 400, "invalid_request_error"),
]


@pytest.mark.parametrize(("ask", "status", "type"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
def test_every_error_has_one_shape(client: TestClient, ask: Ask, status: int, type: str) -> None:
    answer = ask(client)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == type
    assert error["message"]
    assert error["code"]


def test_every_answer_has_a_request_id_of_its_own_and_the_headers_of_a_locked_door(client: TestClient) -> None:
    paths = ("/healthz", "/nowhere", "/datasets", "/openapi.json", "/metrics")
    answers = [client.get(path) for path in paths]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == len(paths)
    assert all(re.fullmatch(r"req_[0-9a-z]{26}", id) for id in ids)
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_a_body_that_is_too_large_is_refused_with_and_without_its_length(
    world: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MAX_BODY_BYTES", "1000")
    reread()
    client = TestClient(create_door(), base_url=ADDRESS)
    for body in (b"x" * 1001, iter([b"x" * 500] * 3)):
        answer = client.post("/datasets", content=body)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "body_too_large"
    assert client.post("/datasets", content=b"x" * 1000).status_code == 401


def test_nothing_more_is_read_once_a_body_is_too_large() -> None:
    read = 0
    sent: list[Any] = []

    async def receive() -> Any:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async def unreached(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(BodyGuard(unreached, 1000)(scope, receive, send))
    assert (read, sent[0]["status"]) == (11, 413)


def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.body.CHUNK_SECONDS", 0.05)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(BodyGuard(create_app(), 1000)(scope, receive, send))
    assert sent[0]["status"] == 408


def test_a_database_that_is_gone_is_said_so_and_when_to_come_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    forget_settings()
    for answer in (
        client.get("/datasets"),
        client.post("/datasets", json={"behavior": "polite"}),
        client.get("/readyz"),
    ):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert answer.json()["error"]["type"] == "unavailable_error"
    assert client.get("/healthz").status_code == 200


def test_a_connection_that_breaks_inside_a_request_is_503(client: TestClient) -> None:
    with engine().connect() as connection, pytest.raises(OperationalError):
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert client.get("/datasets").status_code == 200


def test_a_fault_of_ours_says_nothing_but_the_request_id(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = structlog.testing.CapturingLogger()
    monkeypatch.setattr("api.edge.log", structlog.wrap_logger(spy, processors=[]))

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("the secret is 42")

    answer = TestClient(Edge(broken), base_url=ADDRESS).get("/anything")
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert "42" not in answer.text
    assert spy.calls[0].method_name == "error"
    assert spy.calls[0].kwargs["exc_info"]
    assert spy.calls[0].kwargs["request_id"] == answer.headers["x-request-id"]


def test_ready_means_migrated_and_loaded(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_an_unmigrated_ledger_is_not_ready(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_DATABASE_URL", empty_database)
    forget_settings()
    answer = TestClient(create_door(), base_url=ADDRESS).get("/readyz")
    forget_settings()
    assert answer.status_code == 503
    assert "make migrate" in answer.json()["error"]["message"]


def test_start_up_loads_the_behavior_files(world: object) -> None:
    spec = ledger.behavior("new").model_dump(mode="json")
    (settings().behavior_dirs[0] / "new.yaml").write_text(yaml.safe_dump(spec))
    deadline = time.monotonic() + 30
    with TestClient(create_door(), base_url=ADDRESS) as client:
        assert client.get("/healthz").status_code == 200
        while "new" not in known() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert known() == ["brief", "new", "polite"]


def known() -> list[str]:
    """Names of the behaviors in the ledger."""
    with transaction() as session:
        return behaviors.names(session, DEFAULT_PROJECT)


def test_metrics_count_the_work_and_the_requests(client: TestClient) -> None:
    client.post("/datasets", json={"behavior": "polite"})
    client.get("/datasets/ds_x")
    text = client.get("/metrics").text
    assert 'burnish_queue_depth{queue="generate"} 1.0' in text
    assert 'burnish_shards{stage="generate",state="queued"} 1.0' in text
    assert 'burnish_workers{queue="train"} 0.0' in text
    assert re.search(r'burnish_request_seconds_count\{method="GET",route="/datasets/\{id\}",status="404"\} [1-9]', text)
    assert "ds_x" not in text


def test_times_are_rfc_3339_with_an_offset(client: TestClient) -> None:
    created = client.post("/datasets", json={"behavior": "polite"}).json()["created_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", created)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a.example:80", "a.example"),
        ("A.example", "a.example"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("x:y", "x:y"),
    ],
)
def test_a_host_is_read_without_its_port(header: str, name: str) -> None:
    assert host_name(header) == name


def test_the_openapi_document_has_examples_and_the_error_shape(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    post = document["paths"]["/datasets"]["post"]
    assert post["requestBody"]["content"]["application/json"]["examples"]["smallest"]["value"]
    assert post["responses"]["422"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorAnswer")
    assert "HTTPValidationError" not in json.dumps(document)


def test_the_examples_of_the_document_are_accepted(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    example = document["paths"]["/behaviors"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert client.post("/behaviors", json=example["plain-words"]["value"]).status_code == 201
