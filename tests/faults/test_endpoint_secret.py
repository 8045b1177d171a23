"""The key of an endpoint, from the door to the endpoint, is seen by nobody on the way."""

import json
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.main import create_door
from core.database import transaction
from core.settings import reread
from tests.factories import scene
from tests.factories.world import furnish
from tests.fakes.endpoint import Asked, Endpoint, says, serving
from tests.faults.crew import Crew

CANARY = "sk-canary-1c9f7e2ab04d"
WRONG = "sk-canary-of-yesterday-77"


@pytest.fixture
def client(crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    furnish(tmp_path, monkeypatch)
    return TestClient(
        create_door(), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {make_first_key()}"}
    )


def test_a_key_reaches_the_endpoint_and_no_log_no_table_and_no_command_line(
    crew: Crew, client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def echo(asked: Asked) -> object:
        said = f"The key {asked.headers['authorization']} is worn out"
        return says({"error": {"message": said}}, status=500) if len(endpoint.asked) % 5 == 1 else None

    with serving(Endpoint(script=echo, key=CANARY)) as endpoint:
        monkeypatch.setenv("BURNISH_ALLOWED_ENDPOINTS", json.dumps([endpoint.door]))
        monkeypatch.setenv("BURNISH_LOG_LEVEL", "DEBUG")
        reread()
        for log_format in ("console", "json"):
            crew.start("worker", "generate", log_format=log_format)
        crew.start("worker", "score")
        crew.start("sweep")
        client.post("/secrets", json={"name": "hosted", "value": WRONG})
        teacher = {"engine": "openai", "model": "hosted", "base_url": endpoint.url, "secret": "hosted"}
        made = client.post(
            "/datasets", json={"behavior": "polite", "teacher": teacher, "reward": {"kind": "rule", "rule": "length"}}
        )
        id = made.json()["id"]
        crew.until(scene.is_in(id, "failed"))
        assert "it answers 401" in client.get(f"/datasets/{id}").json()["error"]
        client.post("/secrets", json={"name": "hosted", "value": f"{CANARY}\n"})  # as `cat` gives it
        client.post(f"/datasets/{id}/resume")
        crew.until(scene.is_in(id, "completed"))
        argv = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
        shown = [
            client.get(path).text for path in (f"/datasets/{id}", f"/datasets/{id}/events", f"/datasets/{id}/pairs")
        ]
    assert scene.chains(id) == 12
    assert {asked.headers["authorization"] for asked in endpoint.asked} == {f"Bearer {CANARY}", f"Bearer {WRONG}"}
    logs = [worker.log.read_text() for worker in crew.workers]
    assert any("retry" in log for log in logs)
    for canary in (CANARY, WRONG):
        assert not [said for said in (*logs, *argv, *shown, *dump()) if canary in said]


def dump() -> list[str]:
    """Every row of every table, as text."""
    with transaction() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return [row for table in tables for row in session.scalars(text(f'SELECT t::text FROM "{table}" t')).all()]
