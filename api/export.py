"""A dataset as a file, streamed page by page: its memory does not grow, and a slow reader holds no connection."""

from collections.abc import Iterator
from itertools import chain

from api.streams import Streams
from core.exported import file_pairs
from core.formats.write import write_pairs
from core.queries.pairs import PairFilter

FORMATS = ("trl", "openai", "parquet", "jsonl")
JSONL = "application/jsonl"
PARQUET = "application/vnd.apache.parquet"


def media_type(format: str) -> str:
    """Of a file in the format."""
    return PARQUET if format == "parquet" else JSONL


def file_name(dataset_id: str, format: str) -> str:
    """What a download is called."""
    return f"{dataset_id}.parquet" if format == "parquet" else f"{dataset_id}.{format}.jsonl"


def chunks(dataset_id: str, filter: PairFilter, format: str, streams: Streams) -> Iterator[bytes]:
    """The bytes of the file. The first are read before this returns, so that a fault then is an answer of its own.

    Raises TooMany or Unavailable.
    """
    streams.check()
    found = _chunks(dataset_id, filter, format, streams)
    first = next(found, b"")
    return chain([first], found)


def _chunks(dataset_id: str, filter: PairFilter, format: str, streams: Streams) -> Iterator[bytes]:
    with streams.slot():
        yield from write_pairs(file_pairs(dataset_id, filter, format), format)
