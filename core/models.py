"""Model names: what they stand for, which files are allowed, and the fingerprint of the weights."""

import hashlib
import json
import os.path
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import ForbiddenModel, UnknownName

ALLOWED_SUFFIXES = (".safetensors", ".json", ".txt", ".jinja", ".md", ".model")
ALLOWED_NAMES = ("LICENSE", "NOTICE", ".gitattributes")
CONFIGS = ("config.json", "adapter_config.json")  # a folder of a model, or of an adapter alone, has one of them
FORBIDDEN_KEYS = ("auto_map", "_attn_implementation_internal")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
CHUNK = 1 << 20


@dataclass(frozen=True)
class ModelRef:
    """A model by the name the user gave; `path` is None for a Hugging Face id, which is fetched when it is loaded."""

    name: str
    path: Path | None

    @property
    def source(self) -> str:
        """What a loader is given: the folder, or the Hugging Face id."""
        return str(self.path) if self.path else self.name


def locate(name: str, roots: Sequence[Path], *, param: str = "model") -> ModelRef:
    """Find a model: a folder under a root, by its name or its path, or a Hugging Face id `owner/name`.

    Raises UnknownName for a folder that is not there, ForbiddenModel for one outside the roots or with files
    that could run code.
    """
    real_roots = [root.resolve() for root in roots]
    candidates = [Path(name)] if name.startswith(("/", ".")) else [root / name for root in roots]
    for candidate in candidates:
        real = candidate.resolve()
        if not os.path.isdir(real):  # unlike Path.is_dir, no error for a name that no folder can have
            continue
        if not any(real != root and real.is_relative_to(root) for root in real_roots):
            raise ForbiddenModel(f"Model folder {name!r} is outside the model roots; move it under one.", param=param)
        check_folder(real, param=param)
        return ModelRef(name, real)
    if _is_hub_id(name, roots):
        return ModelRef(name, None)
    raise UnknownName("model", name, available(roots), param=param)


def _is_hub_id(name: str, roots: Sequence[Path]) -> bool:
    """Whether the form is `owner/name`; not when the first part is a root's name or a folder right here: a path."""
    owner = name.partition("/")[0]
    is_path = owner in {root.resolve().name for root in roots} or os.path.isdir(owner)
    return HUB_ID.fullmatch(name) is not None and ".." not in name and not is_path


def available(roots: Sequence[Path]) -> list[str]:
    """Names of the folders of models and adapters directly under the roots."""
    return sorted(
        child.name
        for root in roots
        if root.is_dir()
        for child in root.iterdir()
        if any((child / config).is_file() for config in CONFIGS)
    )


def check_folder(folder: Path, *, param: str = "model") -> None:
    """Refuse a folder with files that could run code, links that lead out of it, or configs that name code."""
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        if not file.resolve().is_relative_to(folder.resolve()):
            raise ForbiddenModel(f"Model file {str(inside)!r} links out of its folder; copy it in.", param=param)
        if file.is_file() and file.suffix not in ALLOWED_SUFFIXES and file.name not in ALLOWED_NAMES:
            raise ForbiddenModel(
                f"Model file {str(inside)!r} is not allowed (only {', '.join(ALLOWED_SUFFIXES)}); remove it.",
                param=param,
            )
        if file.is_file() and file.suffix == ".json":
            _check_json(file, param)
    if not any((folder / config).is_file() for config in CONFIGS):
        raise ForbiddenModel(f"Model folder {folder.name!r} has no config.json.", param=param)


def _check_json(file: Path, param: str) -> None:
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ForbiddenModel(f"Model file {file.name!r} is not valid JSON.", param=param) from error
    for key in FORBIDDEN_KEYS:
        if isinstance(content, dict) and key in content:
            raise ForbiddenModel(f"Model file {file.name!r} has {key!r}, which names code to run.", param=param)


def fingerprint(folder: Path) -> str:
    """SHA-256 over names and contents of weights, configs and tokenizer files, as 64 hex digits."""
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.suffix in (".safetensors", ".json", ".jinja"))
    return _digest(tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files), str(folder))


@lru_cache(maxsize=64)
def _digest(files: tuple[tuple[str, int, int], ...], folder: str) -> str:
    digest = hashlib.sha256()
    for path, _, size in files:
        digest.update(f"{Path(path).relative_to(folder)}\x00{size}\x00".encode())
        with open(path, "rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()
