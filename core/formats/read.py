"""Files of pairs, read as a stream."""

from collections.abc import Iterator
from typing import BinaryIO

from core.errors import UnknownName
from core.formats.fields import Fields
from core.formats.lines import MAX_LINE_BYTES
from core.formats.pair import FilePair
from core.formats.rows import objects
from core.formats.shapes import SHAPES

FORMATS = tuple(SHAPES)


def read_pairs(file: BinaryIO, format: str, *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[FilePair]:
    """The pairs of an open file, one at a time. Texts are as they are in the file, byte for byte.

    Raises UnknownName for a format there is none of, and BadInput with param `line N: path` at the first fault
    (of parquet: `line` is the row), or `file` when there is no pair in it.
    """
    if format not in SHAPES:
        raise UnknownName("format", format, FORMATS, param="format")
    for line, value in objects(file, format, noun="pair", max_line_bytes=max_line_bytes):
        yield SHAPES[format](Fields(line, value))
