"""The two sides that make the same chains over the same endpoint: Burnish, and distilabel."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.contender import Asked, Side
from bench.cpu import postmaster
from bench.endpoint import Endpoint
from bench.mock_teacher import SLOTS
from core.database import transaction
from core.settings import ROOT, child_environment
from core.tables import Chain, Dataset

HERE = ROOT / "bench" / "distilabel"
PYTHON = ROOT / ".bench" / "distilabel" / "bin" / "python"
# Where distilabel keeps batches that a step has finished, and pairs that all have.
FILES = ("steps_data/revision_*/batch_*.json", "*/executions/*/data/steps_outputs/revision/*.parquet")


def burnish(endpoint: Endpoint, data: Path, *, lease_seconds: float = 60.0) -> Side:
    """Burnish, told by its operator that the endpoint may be asked, and how much it takes at once."""
    environment = child_environment(
        allowed_endpoints=f'["127.0.0.1:{endpoint.port}"]',
        chains_in_flight=SLOTS,
        data_dir=data,
        lease_seconds=lease_seconds,
        beat_seconds=lease_seconds / 4,
    )
    command = [sys.executable, "-m", "bench.burnish_side"]
    return Side(
        "burnish", command, environment, _stored, lambda asked, said: float(said["ended"]), others=(postmaster(),)
    )


def distilabel() -> Side:
    """distilabel in its own environment."""
    quiet = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "PYTHONWARNINGS": "ignore"}
    command = [str(PYTHON), str(HERE / "chain.py")]
    return Side("distilabel", command, os.environ | quiet, lambda asked: any(_files(asked)), _last_file)


def _stored(asked: Asked) -> bool:
    named = Dataset.behaviors[0]["name"].as_string() == asked["name"]
    statement = select(Chain.id).join(Dataset).where(named, Chain.state == "done").limit(1)
    with transaction() as session:
        return session.scalar(statement) is not None


def _files(asked: Asked) -> Iterator[Path]:
    folder = Path(asked["folder"]) / str(asked["name"])
    return (file for pattern in FILES for file in folder.glob(pattern))


def _last_file(asked: Asked, said: dict[str, Any]) -> float:
    return max(file.stat().st_mtime for file in _files(asked))
