"""The door with a real ledger behind it, and somebody who knocks."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from api import recipes
from api.first_key import make_first_key
from api.main import create_door
from core.settings import settings
from tests.factories import ledger

ADDRESS = "http://127.0.0.1"


@dataclass(frozen=True)
class Visitor:
    """A client of the door and the admin key it was given."""

    client: TestClient
    key: str


@pytest.fixture
def world(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger with two behaviors, and model folders that can be named; returns the folder of the models."""
    recipes_dir = tmp_path / "behaviors"
    recipes_dir.mkdir()
    for name in ("polite", "brief"):
        (recipes_dir / f"{name}.yaml").write_text(yaml.safe_dump(ledger.behavior(name).model_dump(mode="json")))
    models = ledger.model_folders(tmp_path / "models")
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(models)]))
    monkeypatch.setenv("BURNISH_BEHAVIOR_DIRS", json.dumps([str(recipes_dir)]))
    monkeypatch.setenv("BURNISH_DEFAULT_TEACHER", ledger.TEACHER)
    monkeypatch.setenv("BURNISH_DEFAULT_REWARD", ledger.REWARD)
    monkeypatch.setenv("BURNISH_DEFAULT_STUDENT", ledger.STUDENT)
    settings.cache_clear()
    recipes.load(settings().behavior_dirs)
    return models


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
