"""Which texts carry a hash: some bytes for each entry, where a dict of lists would take hundreds."""

from array import array
from collections.abc import Iterator

FIRST = 64  # chains to begin with
NONE = -1
WORD = 0xFFFFFFFF


class Index:
    """From hashes, of which 32 bits count, to numbers: entries in chains. What shares no more than those is found too.

    For each entry its hash, its number and the entry before it in its chain; for each chain its last entry.
    """

    def __init__(self) -> None:
        self._last = array("i", [NONE]) * FIRST
        self._hashes, self._numbers, self._before = array("I"), array("i"), array("i")

    def add(self, hash: int, number: int) -> None:
        """Put a number under a hash, beside those that are there."""
        if len(self._hashes) == len(self._last):
            self._double()
        self._hashes.append(hash & WORD)
        self._numbers.append(number)
        self._before.append(NONE)
        self._link(len(self._hashes) - 1)

    def of(self, hash: int) -> Iterator[int]:
        """The numbers under a hash, the last one first."""
        entry = self._last[(hash & WORD) % len(self._last)]
        while entry != NONE:
            if self._hashes[entry] == hash & WORD:
                yield self._numbers[entry]
            entry = self._before[entry]

    def _link(self, entry: int) -> None:
        chain = self._hashes[entry] % len(self._last)
        self._before[entry], self._last[chain] = self._last[chain], entry

    def _double(self) -> None:
        self._last = array("i", [NONE]) * (2 * len(self._last))
        for entry in range(len(self._hashes)):
            self._link(entry)
