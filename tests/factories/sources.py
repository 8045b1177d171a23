"""Datasets with a source, the parquet files they read, and what became of them."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.queries import behaviors, datasets, gathered
from core.queries import shards as held
from core.queries import sources as queries
from core.states import Queue
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import ledger, scene
from workers.lease import Beats
from workers.scoring import ScoringDesk
from workers.sources import open_source

PROMPTS = "SELECT index, split, messages, guard, tags, plain FROM prompt WHERE dataset_id = :id AND {} ORDER BY index"


def data_root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root of the operator."""
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("BURNISH_DATA_ROOTS", json.dumps([str(folder)]))
    forget_settings()
    return folder


def write(path: Path, values: Sequence[Any], *, column: str = "prompt", group: int = 100) -> Path:
    """A parquet file with this column and another one, in row groups of so many rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = arrow.table({"number": list(range(len(values))), column: arrow.array(list(values))})
    parquet.write_table(table, path, row_group_size=group)
    return path


def ask(source: dict[str, Any], **asked: Any) -> str:
    """A dataset with this source as the door makes it; its id."""
    config = {"behavior": "polite", "teacher": {"model": ledger.TEACHER}, "reward": {"model": ledger.REWARD}}
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, ledger.behavior())
        found = DatasetConfig.model_validate(config | {"source": source} | asked)
        return datasets.create(session, project_id=DEFAULT_PROJECT, config=found, behaviors=[row]).id


def gather(beats: Beats) -> None:
    """What the scoring worker does now."""
    desk = ScoringDesk(beats, "a test")
    desk.drain(threading.Event())
    desk.close()


def prompts(id: str) -> list[Any]:
    """The prompts that came from the source: (index, split, messages, guard, tags, plain), by index."""
    return scene.rows(PROMPTS.format("split <> 'evaluation'"), id=id)


def words(id: str) -> list[str]:
    """The user's last words of each."""
    return [row.messages[-1]["content"] for row in prompts(id)]


def shards(id: str, stage: str) -> list[Any]:
    """(state, first, last, total, completed, failed, error) of the shards of a stage."""
    columns = "state, first, last, total, completed, failed, error"
    return scene.rows(
        f"SELECT {columns} FROM shard WHERE dataset_id = :id AND stage = :s ORDER BY first", id=id, s=stage
    )


def note(id: str) -> None:
    """Somebody begins to read the source, and vanishes."""
    with transaction() as session:
        claim = held.claim(session, queue=Queue.score, owner="a test")
        assert claim is not None
        assert claim.dataset_id == id
        source = gathered.frame(session, id).config.source
        assert source is not None
        described = open_source(source, project_id=DEFAULT_PROJECT).described
        queries.begin(session, claim, described)
        held.hand_back(session, claim)
