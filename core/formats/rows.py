"""The values of a file one after another: lines of JSON, or rows of parquet."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as arrow
from pyarrow import parquet

from core.errors import BadInput
from core.formats.lines import MAX_LINE_BYTES, cut
from core.formats.row_groups import batch_rows
from core.strict_json import fault_of, parse

CHUNK_BYTES = 1 << 20


def objects(
    file: BinaryIO, format: str, *, noun: str, column: str | None = None, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line from 1, object) of an open file; of parquet the line is the row. Memory does not grow with the file.

    With `column`, no other column of a parquet file is read. Raises BadInput with param `line N` or `line N: path` at
    the first fault, `file` when there is no `noun` in it, `column` when there is none of that name.
    """
    rows = _rows(file, max_line_bytes, column) if format == "parquet" else _lines(_chunks(file), max_line_bytes)
    empty = True
    for line, value in rows:
        empty = False
        if not isinstance(value, dict):
            raise BadInput(f"Line {line} is no JSON object; write one {noun} a line.", param=f"line {line}")
        yield line, value
    if empty:
        raise BadInput(f"The file has no {noun} in it; write one {noun} a line.", param="file")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK_BYTES), b"")


def _lines(chunks: Iterable[bytes], most: int) -> Iterator[tuple[int, Any]]:
    for number, line in cut(chunks, max_bytes=most):
        value, fault = parse(line)
        if fault is not None:
            _refuse(number, fault.message, fault.param)
        yield number, value


def _rows(file: BinaryIO, most: int, column: str | None) -> Iterator[tuple[int, Any]]:
    number = 0
    try:
        for batch in _batches(parquet.ParquetFile(file), column):
            if batch.nbytes > most * batch.num_rows:
                _refuse(number + 1, f"rows from here have more than {most} bytes; shorten them.", None)
            for value in batch.to_pylist():
                number += 1
                if (fault := fault_of(value)) is not None:
                    _refuse(number, fault.message, fault.param)
                yield number, value
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The file is no parquet that can be read: {error}; write it again.", param="file") from error


def _batches(file: parquet.ParquetFile, column: str | None) -> Iterator[arrow.RecordBatch]:
    if column is not None and column not in file.schema_arrow.names:
        known = ", ".join(file.schema_arrow.names) or "none"
        raise BadInput(f"The file has no column {column!r}; its columns are {known}.", param="column")
    columns = None if column is None else [column]
    for number in range(file.num_row_groups):
        size = batch_rows(file.metadata.row_group(number), column, param="file")
        yield from file.iter_batches(batch_size=size, row_groups=[number], columns=columns)


def _refuse(line: int, message: str, path: str | None) -> None:
    raise BadInput(f"Line {line}: {message}", param=f"line {line}" + (f": {path}" if path else ""))
