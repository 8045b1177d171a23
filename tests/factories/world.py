"""What a server needs around it: behavior files, model folders, and settings that name them."""

import json
from pathlib import Path

import pytest
import yaml

from api import recipes
from core.settings import reread, settings
from tests.factories import ledger


def furnish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two behaviors in the ledger, and model folders that can be named; returns the folder of the models.

    Needs the fixture `database`. Processes that the test starts find the same through their environment.
    """
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
    reread()
    recipes.load(settings().behavior_dirs)
    return models
