"""`--source`: the forms that the command line has for sources."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import TypeAdapter

from client.command.source import read_source
from client.models import Dataset
from client.stages import of_dataset
from core.configs.source import Source

COUNTS = {"total": 4, "completed": 1, "failed": 1}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("dataset:ds_1,kept=true", {"kind": "dataset", "dataset": "ds_1", "kept": True}),
        ("parquet:/data/a.parquet", {"kind": "parquet", "path": "/data/a.parquet"}),
        (
            "hub:owner/name,split=test,column=question",
            {"kind": "hub", "repo": "owner/name", "split": "test", "column": "question"},
        ),
        ("file:file-1", {"kind": "file", "file": "file-1"}),
    ],
)
def test_each_form_gives_a_source_that_the_door_takes(text: str, source: dict[str, Any]) -> None:
    assert read_source(text) == {"source": source}
    TypeAdapter(Source).validate_python(source)


def test_topics_are_the_lines_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "topics.txt"
    file.write_text("the sea\n\n  the sky \n")
    source = read_source(f"topics:{file},per_topic=3")["source"]
    assert source == {"kind": "topics", "topics": ["the sea", "the sky"], "per_topic": 3}


def test_no_source_is_no_field() -> None:
    assert read_source(None) == {}


@pytest.mark.parametrize(
    "text", ["pigeon:x", "hub:", "hub", "hub:a/b,split", "topics:/no/such/file", "topics:/dev/null"]
)
def test_anything_else_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_source(text)


def test_reading_a_source_is_a_bar_of_its_own() -> None:
    stages = dict.fromkeys(("gather", "generate", "score", "pair"), COUNTS)
    row = {
        "id": "ds_1", "status": "in_progress", "config": {}, "request_counts": COUNTS, "stages": stages, "pairs": None,
        "tokens": 0, "seconds_remaining": None, "error": None, "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    bars = of_dataset(Dataset.model_validate_json(json.dumps(row))).stages
    assert [(bar.title, bar.done) for bar in bars][:2] == [("read the source", 2), ("draft, critique, revise", 2)]
