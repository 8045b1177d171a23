"""What stands in each place, read by its own reader: the values of each series by step, every one that is there."""

import json
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SADeprecationWarning
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb.proto.wandb_internal_pb2 import Record

from core.settings import settings

BLOCK = 32_768
WHOLE, LAST = 1, 4
Series = dict[str, list[tuple[int, float]]]


def tensorboard(run_id: str) -> EventAccumulator:
    """The run's event files, as the program shows them."""
    found = EventAccumulator(str(Path(settings().reports_dir or "") / "tensorboard" / run_id))
    found.Reload()
    return found


def tensorboard_series(run_id: str) -> Series:
    """Scalars by tag."""
    found = tensorboard(run_id)
    return {tag: [(one.step, one.value) for one in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def wandb_records(run_id: str) -> list[Record]:
    """What all offline runs of this id hold, in their order."""
    files = sorted((Path(settings().reports_dir or "") / "wandb").rglob(f"*{run_id}.wandb"))
    return [record for file in files for record in _scanned(file)]


def _scanned(file: Path) -> list[Record]:
    """Records of W&B's own messages in the framing of LevelDB's log; the client has no reader for Python."""
    content, place, parts, found = file.read_bytes(), 7, b"", []
    assert content[:4] == b":W&B"
    while place + 7 <= len(content):
        if BLOCK - place % BLOCK < 7:
            place += BLOCK - place % BLOCK
            continue
        checksum, length, kind = struct.unpack_from("<IHB", content, place)
        data = content[place + 7 : place + 7 + length]
        if not kind or len(data) < length:  # nothing more, or cut off
            break
        assert zlib.crc32(bytes([kind]) + data) == checksum
        parts, place = parts + data, place + 7 + length
        if kind in (WHOLE, LAST):
            found.append(Record.FromString(parts))
            parts = b""
    return found


def wandb_series(run_id: str) -> Series:
    """History by name."""
    series: Series = {}
    for record in wandb_records(run_id):
        if record.WhichOneof("record_type") != "history":
            continue
        values = {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        step = int(values["_step"])
        for name, value in values.items():
            if not name.startswith("_"):
                series.setdefault(name, []).append((step, value))
    return series


def wandb_config(run_id: str) -> dict[str, Any]:
    """What was said of the run first."""
    runs = [record.run for record in wandb_records(run_id) if record.WhichOneof("record_type") == "run"]
    return {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in runs[-1].config.update}


def mlflow_client(uri: str) -> MlflowClient:
    """MLflow's own client; of a new store it makes the tables."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The ``noload``", SADeprecationWarning)  # MLflow's mappers on SQLAlchemy 2.1
        return MlflowClient(tracking_uri=uri)


def mlflow() -> tuple[MlflowClient, list[Run]]:
    """A client and all runs there are."""
    client = mlflow_client(str(settings().mlflow_uri))
    experiments = [found.experiment_id for found in client.search_experiments()]
    return client, list(client.search_runs(experiments))


def mlflow_series() -> Series:
    """Metrics of the only run."""
    client, [run] = mlflow()
    return {
        name: [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, name)]
        for name in run.data.metrics
    }
