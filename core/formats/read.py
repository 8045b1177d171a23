"""Files of pairs, read as a stream."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as arrow
from pyarrow import parquet

from core.errors import BadInput, UnknownName
from core.formats.fields import Fields
from core.formats.lines import MAX_LINE_BYTES, cut
from core.formats.pair import FilePair
from core.formats.shapes import SHAPES
from core.strict_json import fault_of, parse

CHUNK_BYTES = 1 << 20
BATCH_ROWS = 500
FORMATS = tuple(SHAPES)


def read_pairs(file: BinaryIO, format: str, *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[FilePair]:
    """The pairs of an open file, one at a time. Texts are as they are in the file, byte for byte.

    Raises UnknownName for a format there is none of, and BadInput with param `line N: path` at the first fault
    (of parquet: `line` is the row), or `file` when there is no pair in it.
    """
    if format not in SHAPES:
        raise UnknownName("format", format, FORMATS, param="format")
    rows = _rows(file) if format == "parquet" else _objects(iter(lambda: file.read(CHUNK_BYTES), b""), max_line_bytes)
    empty = True
    for line, value in rows:
        empty = False
        if not isinstance(value, dict):
            raise BadInput(f"Line {line} is no JSON object; write one pair a line.", param=f"line {line}")
        yield SHAPES[format](Fields(line, value))
    if empty:
        raise BadInput("The file has no pair in it; write one pair a line.", param="file")


def _objects(chunks: Iterable[bytes], most: int) -> Iterator[tuple[int, Any]]:
    for number, line in cut(chunks, max_bytes=most):
        value, fault = parse(line)
        if fault is not None:
            _refuse(number, fault.message, fault.param)
        yield number, value


def _rows(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    number = 0
    try:
        for batch in parquet.ParquetFile(file).iter_batches(batch_size=BATCH_ROWS):
            for value in batch.to_pylist():
                number += 1
                if (fault := fault_of(value)) is not None:
                    _refuse(number, fault.message, fault.param)
                yield number, value
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The file is no parquet that can be read: {error}; write it again.", param="file") from error


def _refuse(line: int, message: str, path: str | None) -> None:
    raise BadInput(f"Line {line}: {message}", param=f"line {line}" + (f": {path}" if path else ""))
