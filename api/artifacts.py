"""Files of a tuned model: found by the name its manifest gives them, never by a path of the caller's."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.artifacts import MANIFEST
from core.errors import Conflict, DamagedArtifact, NotFound
from core.settings import settings
from core.tables import Run


@dataclass(frozen=True)
class ArtifactFile:
    """A file the manifest names. `sha256` is None for the manifest itself."""

    name: str
    path: Path
    bytes: int
    sha256: str | None


def folder_of(run: Run) -> Path | None:
    """The folder of the tuned model; None before it is there."""
    return (settings().data_dir / run.artifact).resolve() if run.artifact else None


def files(run: Run) -> list[ArtifactFile]:
    """The manifest and every file it names, by name; empty before there is a tuned model. Raises DamagedArtifact."""
    folder = folder_of(run)
    if folder is None:
        return []
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        named = dict(manifest["files"])
        found = [_file(folder, name, about) for name, about in sorted(named.items())]
        size = (folder / MANIFEST).stat().st_size
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedArtifact(f"The artifact of run {run.id} cannot be read; its manifest is damaged.") from error
    return [*found, ArtifactFile(MANIFEST, folder / MANIFEST, size, None)]


def _file(folder: Path, name: str, about: dict[str, object] | str) -> ArtifactFile:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise ValueError(f"{name!r} leads out of the folder")
    sha256 = about if isinstance(about, str) else str(about["sha256"])
    return ArtifactFile(name, path, path.stat().st_size, sha256)


def find(run: Run, name: str) -> ArtifactFile:
    """The file of that name. Raises NotFound, Conflict before there is a tuned model, DamagedArtifact."""
    if run.artifact is None:
        raise Conflict(f"Run {run.id} is {run.state} and has no tuned model yet.")
    for file in files(run):
        if file.name == name:
            return file
    raise NotFound("artifact", name)
