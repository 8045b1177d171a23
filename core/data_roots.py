"""Data files of the operator: found under the data roots, never outside of them."""

import os.path
from collections.abc import Sequence
from pathlib import Path

from core.errors import BadInput


def locate_data(path: str, roots: Sequence[Path], *, suffix: str, param: str) -> list[Path]:
    """The file, or the files of a folder and the folders in it, by name; `path` is absolute or begins under a root.

    Files that begin with a dot or an underscore are left out, as everywhere. Raises BadInput for a path that is not
    there, that leads out of the roots (links included), or has no file with the suffix.
    """
    if not roots:
        raise BadInput(
            "No data root is set, so no path can be read; the operator sets BURNISH_DATA_ROOTS.", param=param
        )
    real_roots = [root.resolve() for root in roots]
    candidates = [Path(path)] if path.startswith("/") else [root / path for root in real_roots]
    inside = [one for one in map(Path.resolve, candidates) if any(one.is_relative_to(root) for root in real_roots)]
    if not inside:
        raise BadInput(f"{path!r} is outside the data roots; name a file or folder under one of them.", param=param)
    found = next((one for one in inside if os.path.exists(one)), None)
    if found is None:
        raise BadInput(f"There is no {path!r} under a data root; name a file or folder that is there.", param=param)
    files = [found] if os.path.isfile(found) else _files(found, suffix)
    if not files or any(file.suffix != suffix for file in files):
        raise BadInput(f"{path!r} holds no {suffix} file; name one, or a folder that has some.", param=param)
    for file in files:
        if not any(file.resolve().is_relative_to(root) for root in real_roots):
            raise BadInput(f"{path!r} holds {file.name!r}, a link out of the data roots; copy it in.", param=param)
    return files


def _files(folder: Path, suffix: str) -> list[Path]:
    found = [file for file in folder.rglob(f"*{suffix}") if file.is_file()]
    shown = [file for file in found if not any(part[0] in "._" for part in file.relative_to(folder).parts)]
    return sorted(shown)
