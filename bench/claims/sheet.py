"""The raw file: a line for each cell that has ended, so that what was broken off goes on where it stopped."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.claims.arm import Cell
from bench.claims.fingerprint import Key

Result = dict[str, Any]


class Sheet:
    """Results by the keys of their cells. One process writes."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self.results: dict[Key, Result] = {}
        if file.is_file():
            self._cut()
            for line in map(json.loads, file.read_text().splitlines()):
                self.results[line["key"]] = line["result"]

    def add(self, cell: Cell, result: Mapping[str, Any]) -> None:
        """Write down what a cell found."""
        with self._file.open("a") as stream:
            told = {"key": cell.key, "arm": cell.arm.name, "seed": cell.seed, "result": dict(result)}
            stream.write(json.dumps(told) + "\n")
        self.results[cell.key] = dict(result)

    def lacking(self, cells: list[Cell]) -> list[Cell]:
        """Those without a result, each once: cells of one key are the same work."""
        first = {cell.key: cell for cell in reversed(cells)}
        return [cell for cell in cells if cell.key not in self.results and first[cell.key] is cell]

    def _cut(self) -> None:
        """Take away a last line that was not written to its end."""
        whole = self._file.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            self._file.write_bytes(whole[:end])
