"""The door with a real ledger behind it, and somebody who knocks."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.main import create_door
from tests.factories.world import furnish

ADDRESS = "http://127.0.0.1"


@dataclass(frozen=True)
class Visitor:
    """A client of the door and the admin key it was given."""

    client: TestClient
    key: str


@pytest.fixture
def world(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger with two behaviors, and model folders that can be named; returns the folder of the models."""
    return furnish(tmp_path, monkeypatch)


@pytest.fixture
def stranger(world: Path) -> TestClient:
    """A client without a key."""
    return TestClient(create_door(), base_url=ADDRESS)


@pytest.fixture
def visitor(world: Path) -> Visitor:
    """A client with the first key of the ledger."""
    key = make_first_key()
    assert key is not None
    return Visitor(TestClient(create_door(), base_url=ADDRESS, headers={"authorization": f"Bearer {key}"}), key)


@pytest.fixture
def client(visitor: Visitor) -> TestClient:
    """The same client, where its key does not matter."""
    return visitor.client
