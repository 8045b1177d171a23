"""The manifest of what is shipped: seeds, sizes and hashes of the files, versions, and the measured rates."""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tiny.measure import measure

NAME = "manifest.json"
SAMPLES = 300
LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors")
Json = dict[str, Any]


def digest(path: Path) -> Json:
    """Size and hash of a file."""
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def files(models: Path) -> dict[str, Json]:
    """Every shipped file beside the manifest and every behavior file, by its path under `tiny/`."""
    root = models.parent
    paths = [*models.rglob("*"), *(root / "behaviors").glob("*.yaml")]
    kept = sorted(path for path in paths if path.is_file() and path.name != NAME)
    return {path.relative_to(root).as_posix(): digest(path) for path in kept}


def write(models: Path, *, seed: int) -> Json:
    """Measure the models and write the manifest beside them."""
    rates = measure(models, n=SAMPLES, seed=seed)
    content = {
        "seed": seed,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "files": files(models),
        "rates": {name: rate.mapping() for name, rate in rates.items()},
    }
    (models / NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return content


def read(models: Path) -> Json:
    """The manifest as it was written."""
    content: Json = json.loads((models / NAME).read_text(encoding="utf-8"))
    return content
