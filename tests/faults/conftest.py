"""Real workers on a real ledger and a real broker, with short pauses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import forget_settings
from tests.factories import scene, trainings
from tests.faults.crew import Crew, Nursery

# Leases are long: a test makes them run out when it wants to, and a slow machine does not.
SHORT = {
    "LEASE_SECONDS": 60,
    "BEAT_SECONDS": 0.2,
    "SWEEP_SECONDS": 0.3,
    "RELAY_SECONDS": 0.05,
    "POLL_SECONDS": 0.5,
    "RETRY_SECONDS": 0.02,
    "MAX_ATTEMPTS": 50,
    "SHARD_PROMPTS": 6,
    "CHAINS_IN_FLIGHT": 3,
    "MICRO_BATCH_ROWS": 2,
    "MICRO_BATCH_SECONDS": 0.02,
}


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where worker processes are forked from."""
    home = Nursery()
    yield home
    home.close()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the test and of the processes it starts."""
    for name, value in SHORT.items():
        monkeypatch.setenv(f"BURNISH_{name}", str(value))


@pytest.fixture
def crew(nursery: Nursery, short_pauses: None, database: str, broker: str, tmp_path: Path) -> Iterator[Crew]:
    """Nobody yet; whoever a test starts is gone when it ends."""
    forget_settings()
    scene.watch(database)
    folder = tmp_path / "crew"
    folder.mkdir()
    everybody = Crew(nursery, folder, [])
    yield everybody
    everybody.close()


@pytest.fixture
def student(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny student under a model root; a shard that is given back may be claimed at once."""
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "10")
    forget_settings()
    return trainings.student(tmp_path / "models")
