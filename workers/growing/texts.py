"""Texts by their number, on the disk but for the first few: memory does not grow with their length."""

import weakref
from array import array
from tempfile import SpooledTemporaryFile

from core.artifacts import full_disk

IN_MEMORY = 256 << 10  # bytes; more are in a file without a name, gone with whoever made it


class Texts:
    """A list of texts that only becomes longer."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - it lives as long as this
        weakref.finalize(self, self._file.close)
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, text: str) -> None:
        """Put a text behind the others. Raises DiskFull."""
        data = text.encode(errors="surrogatepass")
        with full_disk():
            self._file.seek(self._ends[-1])
            self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def __getitem__(self, number: int) -> str:
        begin, end = self._ends[number], self._ends[number + 1]
        with full_disk():  # what was written last may reach the disk only now
            self._file.seek(begin)
            return self._file.read(end - begin).decode(errors="surrogatepass")
