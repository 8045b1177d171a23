"""Keys of what is kept: a hash of all that it depends on, the code included."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from bench.claims.models import NAMES
from core.models import fingerprint
from core.settings import ROOT
from tiny.architecture import FOLDER

Key = str
Of = Literal["world", "cell"]
PACKAGES = ("torch", "transformers", "tokenizers", "numpy")
OWN: dict[Of, tuple[str, ...]] = {
    "world": ("chains", "models", "pair", "prompts", "style", "world"),
    "cell": ("arm", "cell", "exam", "planting", "recipe", "school"),
}
CODE: dict[Of, tuple[str, ...]] = {
    "world": ("tiny", "core/strategies", "core/layout.py", "core/seeds.py", "workers/filters"),
    "cell": ("trainer", "core/methods", "core/configs/run.py"),
}


def key(told: Mapping[str, Any], *, of: Of) -> Key:
    """Of what is told, the models, the packages and the files that calculate; a cell depends on its world too."""
    code = [_code("world"), *([_code("cell")] if of == "cell" else [])]
    text = json.dumps([told, code, _circumstances()], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


@cache
def _code(of: Of) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in (ROOT / name for name in (*CODE[of], *(f"bench/claims/{name}.py" for name in OWN[of]))):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@cache
def _circumstances() -> list[str]:
    return [*(fingerprint(Path(FOLDER / name)) for name in NAMES), *(version(name) for name in PACKAGES)]
