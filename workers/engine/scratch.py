"""The folder an engine leaves its sockets and files in: it goes with the engine, at the latest with the next one.

Whoever made a folder holds a lock on a file in it, which the kernel gives up with the process, however that ends. So a
folder whose lock is free is nobody's; process ids, which are given out again, play no part.
"""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = "burnish-engine-"
LOCK = "owner.lock"
YOUNG_SECONDS = 60.0  # a folder without a lock may be one that is being made


@dataclass(frozen=True)
class Scratch:
    """A folder of one engine, and the descriptor that holds its lock."""

    folder: Path
    lock: int

    def close(self) -> None:
        """Remove the folder, then let the lock go."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # closed before
            os.close(self.lock)


def make() -> Scratch:
    """A new folder under the temporary one; those that killed workers left there are removed. Raises OSError."""
    forget(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return Scratch(folder, lock)


def forget(parent: Path) -> None:
    """Remove every folder of an engine whose owner is gone."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else removes it too, or it is another account's
            _forget(folder)


def _forget(folder: Path) -> None:
    if folder.is_symlink() or time.time() - folder.stat().st_mtime < YOUNG_SECONDS:
        return
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises BlockingIOError while the owner lives
        shutil.rmtree(folder)
    finally:
        os.close(lock)
