"""Files of pairs, uploaded and imported through the door."""

import json
from collections.abc import Iterable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.main import create_door
from core.settings import ROOT
from workers import advance
from workers.lease import Beats
from workers.scoring import ScoringDesk

DATA = ROOT.parent / "shared" / "data"
REAL = ("scored_self_critique.jsonl", "truthfulness_pairs.jsonl")


def real(name: str) -> Path:
    """A file of real pairs; the test is skipped where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def door() -> TestClient:
    """A client with the ledger's first key; needs the fixture `database`."""
    key = make_first_key()
    assert key is not None
    return TestClient(create_door(), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {key}"})


def numbered(number: int, **more: Any) -> bytes:
    """Lines of pairs that differ."""
    return lines(
        {"prompt": f"Why {n}?", "chosen": f"Because {n}.", "rejected": f"No {n}."} | more for n in range(number)
    )


def lines(values: Iterable[dict[str, Any]]) -> bytes:
    """One JSON object a line."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def upload(client: TestClient, content: bytes, format: str = "jsonl") -> str:
    """The id of a file of pairs."""
    answer = client.post("/files", data={"purpose": "pairs", "format": format}, files={"file": ("pairs", content)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ask(client: TestClient, file: str, **asked: Any) -> str:
    """The id of a dataset that an uploaded file is imported into."""
    answer = client.post("/datasets/import", json={"file": file} | asked)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def work_off(beats: Beats) -> None:
    """What the scoring worker and the sweep do."""
    desk = ScoringDesk(beats, "a test")
    desk.drain(Event())
    desk.close()
    advance.everything()


def imported(client: TestClient, beats: Beats, content: bytes, format: str = "jsonl", **asked: Any) -> str:
    """The id of a dataset that holds the pairs of a file."""
    id = ask(client, upload(client, content, format), **asked)
    work_off(beats)
    return id
