"""Places of the test's own: folders, W&B without a server, MLflow's own store."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import forget_settings
from tests.trainer.reporting import readers


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """All places are open; their files lie here."""
    monkeypatch.setenv("BURNISH_REPORTERS", '["tensorboard", "wandb", "mlflow"]')
    monkeypatch.setenv("BURNISH_REPORTS_DIR", str(tmp_path / "reports"))
    monkeypatch.setenv("BURNISH_REPORTS_SECONDS", "120")
    monkeypatch.setenv("BURNISH_MLFLOW_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("BURNISH_PUBLIC_URL", "https://burnish.example.org/")
    monkeypatch.setenv("WANDB_MODE", "offline")
    forget_settings()
    yield tmp_path / "reports"
    forget_settings()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's store with its tables, which take it long to make."""
    file = tmp_path_factory.mktemp("mlflow") / "empty.db"
    readers.mlflow_client(f"sqlite:///{file}")
    return file


@pytest.fixture
def store(places: Path, empty_store: Path, tmp_path: Path) -> None:
    """MLflow's store is there, and empty."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
