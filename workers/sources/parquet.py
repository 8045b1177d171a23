"""A column of parquet files, row by row: row groups are read one after the other, in small batches."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as arrow
from pyarrow import parquet

from core.configs.behavior import PromptSpec
from core.configs.source import ParquetSource
from core.data_roots import locate_data
from core.errors import BadInput
from core.formats.row_groups import batch_rows
from core.settings import settings
from workers.sources.conversation import prompt_of

BUFFER_BYTES = 1 << 20
FOOTER_BYTES = 1 << 16  # the end of a file holds its schema and the statistics of every row group


@dataclass(frozen=True)
class Part:
    """One file: its name for people, and how it is opened."""

    name: str
    open: Callable[[], Any]


class ParquetReader:
    """`Reader` over a column of files in their order; a file is opened when its turn comes."""

    def __init__(self, parts: Sequence[Part], column: str, described: dict[str, Any], *, total: int = 0) -> None:
        self.described = described
        self.total = total
        self._parts = parts
        self._column = column
        self._seen = 0

    def rows(self, skip: int) -> Iterator[PromptSpec | None]:
        """See `Reader`."""
        for part in self._parts:
            with _opened(part.open(), part.name) as file:
                number = file.metadata.num_rows
                self._seen += number
                self.total = max(self.total, self._seen)
                if skip < number:
                    yield from self._of_file(file, part.name, skip)
                skip = max(0, skip - number)

    def _of_file(self, file: parquet.ParquetFile, name: str, skip: int) -> Iterator[PromptSpec | None]:
        there = file.schema_arrow.names
        if self._column not in there:
            raise BadInput(
                f"File {name!r} has no column {self._column!r}; it has {', '.join(there[:20])}. Name one of them.",
                param="source.column",
            )
        group, number = _group_of(file, skip)
        try:
            for batch in _batches(file, self._column, group):
                for value in batch.column(0).to_pylist():
                    number += 1
                    if number > skip:
                        yield prompt_of(value, f"Row {number} of {name!r}, column {self._column!r}")
        except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _unreadable(name, error) from error


def parquet_reader(source: ParquetSource) -> ParquetReader:
    """The reader of a file or folder under a data root. Raises BadInput."""
    files = locate_data(source.path, settings().data_roots, suffix=".parquet", param="source.path")
    parts = [Part(file.name, partial(Path, file)) for file in files]
    digest, total = hashlib.sha256(), 0
    for part, file in zip(parts, files, strict=True):
        with _opened(file, part.name) as opened:
            total += opened.metadata.num_rows
        digest.update(f"{part.name}\x00{file.stat().st_size}\x00".encode() + _footer(file))
    name = f"{source.path}" if len(files) == 1 else f"{source.path} ({len(files)} files)"
    return ParquetReader(parts, source.column, {"name": name, "sha256": digest.hexdigest()}, total=total)


def _opened(path: Any, name: str) -> parquet.ParquetFile:
    try:
        return parquet.ParquetFile(path, buffer_size=BUFFER_BYTES)
    except (arrow.ArrowException, OSError) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> BadInput:
    return BadInput(f"File {name!r} is no parquet that can be read: {error}; write it again.", param="source")


def _group_of(file: parquet.ParquetFile, skip: int) -> tuple[int, int]:
    """The row group that row number `skip` stands in, and how many rows stand before that group."""
    before = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if before + rows > skip:
            return group, before
        before += rows
    return file.num_row_groups, before


def _batches(file: parquet.ParquetFile, column: str, first: int) -> Iterator[arrow.RecordBatch]:
    """Of the row groups from `first` on; so few rows at once that they fit into memory."""
    for number in range(first, file.num_row_groups):
        rows = batch_rows(file.metadata.row_group(number), column, param="source")
        yield from file.iter_batches(batch_size=rows, columns=[column], row_groups=[number])


def _footer(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - FOOTER_BYTES))
        return file.read()
