"""Where uploaded files lie: under the data folder, each under its id."""

import time
from pathlib import Path

from core.errors import BadInput
from core.settings import settings
from core.tables import File

FOLDER = "files"
OLD_SECONDS = 24 * 3600.0
UNFINISHED = "tmp-"  # a file whose name begins so was never accepted


def folder() -> Path:
    """The folder of all of them; made when it is missing."""
    found = settings().data_dir / FOLDER
    found.mkdir(parents=True, exist_ok=True)
    return found


def path_of(row: File, *, param: str = "file") -> Path:
    """The bytes of a file. Raises BadInput when they are gone."""
    found = settings().data_dir / row.path
    if row.removed_at is not None or not found.is_file():
        raise BadInput(f"The file {row.id} was deleted; upload it again with POST /files.", param=param)
    return found


def old_ones() -> list[Path]:
    """Files that lie here for more than a day."""
    there = settings().data_dir / FOLDER
    before = time.time() - OLD_SECONDS
    return [path for path in there.iterdir() if path.stat().st_mtime < before] if there.is_dir() else []
