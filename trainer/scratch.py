"""A file without a name: written front to back, read anywhere, gone with whoever made it."""

import os
import tempfile
import weakref
from pathlib import Path

from core.artifacts import full_disk

BUFFER = 1 << 20


class Scratch:
    """Bytes on the disk."""

    def __init__(self, folder: Path) -> None:
        """Raises DiskFull, or OSError when the folder cannot be written to."""
        with full_disk():
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor, name = tempfile.mkstemp(dir=folder)
        os.unlink(name)
        weakref.finalize(self, os.close, self._descriptor)
        self._waiting: list[bytes] = []
        self._held = 0

    def append(self, data: bytes) -> None:
        """Write behind everything else, soon. Raises DiskFull."""
        self._waiting.append(data)
        self._held += len(data)
        if self._held >= BUFFER:
            self.flush()

    def flush(self) -> None:
        """What was appended can be read from now on. Raises DiskFull."""
        data = memoryview(b"".join(self._waiting))
        self._waiting, self._held = [], 0
        with full_disk():
            while data:
                data = data[os.write(self._descriptor, data) :]

    def read(self, at: int, size: int) -> bytes:
        """So many bytes from there on, fewer at the end."""
        return os.pread(self._descriptor, size, at)

    def change(self, at: int, data: bytes) -> None:
        """Write over what is there. Raises DiskFull: some disks write anew what is written over."""
        with full_disk():
            os.pwrite(self._descriptor, data, at)
