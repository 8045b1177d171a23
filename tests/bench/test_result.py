"""What is written of a benchmark whose parts are measured one by one."""

import json
from pathlib import Path
from typing import Any

from bench.result import write_part


def write(folder: Path, part: str, ratio: float) -> dict[str, Any]:
    rows, summary = [{"round": 1, "ratio": ratio}], {part: {"ratio": ratio}}
    return json.loads(
        write_part("it", part, settings={"of": part}, rows=rows, summary=summary, folder=folder).read_text()
    )


def test_a_part_replaces_its_own_rows_and_leaves_the_others(tmp_path: Path) -> None:
    write(tmp_path, "engine", 0.5)
    write(tmp_path, "peers", 2.0)
    found = write(tmp_path, "engine", 1.0)
    assert found["rows"] == [
        {"part": "peers", "round": 1, "ratio": 2.0},
        {"part": "engine", "round": 1, "ratio": 1.0},
    ]
    assert found["summary"] == {"engine": {"ratio": 1.0}, "peers": {"ratio": 2.0}}
    assert found["settings"] == {"engine": {"of": "engine"}, "peers": {"of": "peers"}}


def test_rows_measured_with_other_versions_do_not_stay(tmp_path: Path) -> None:
    before = write(tmp_path, "peers", 2.0)
    (tmp_path / "it.json").write_text(json.dumps(before | {"versions": {"torch": "1.0"}}))
    found = write(tmp_path, "engine", 1.0)
    assert found["summary"] == {"engine": {"ratio": 1.0}}
    assert [row["part"] for row in found["rows"]] == ["engine"]
