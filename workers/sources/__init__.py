"""Sources: where prompts come from, each read in order and from any place on."""

from core.configs.source import DatasetSource, FileSource, HubSource, ParquetSource, Source, TopicSource
from core.errors import BadInput
from workers.sources.dataset import DatasetReader
from workers.sources.parquet import parquet_reader
from workers.sources.reader import Reader


def open_source(source: Source) -> Reader:
    """The reader of a source. Raises BadInput for one that is not there or cannot be read, Unavailable."""
    match source:
        case DatasetSource():
            return DatasetReader(source)
        case ParquetSource():
            return parquet_reader(source)
        case HubSource() | FileSource() | TopicSource():
            raise BadInput(f"A source of kind {source.kind!r} is not read here.", param="source.kind")
