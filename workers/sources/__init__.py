"""Sources: where prompts come from, each read in order and from any place on."""

from typing import Any

from core.configs.source import DatasetSource, FileSource, HubSource, ParquetSource, Source, TopicSource
from core.database import transaction
from core.errors import BadInput, NotFound
from core.queries import files, secrets
from core.tables import File
from workers.sources.dataset import DatasetReader
from workers.sources.file import FileReader
from workers.sources.hub import hub_reader
from workers.sources.parquet import parquet_reader
from workers.sources.reader import Reader


def open_source(source: Source, *, project_id: str, noted: dict[str, Any] | None = None) -> Reader:
    """The reader of a source of the project; `noted` is how it was described when it was first read.

    Raises BadInput for one that is not there or cannot be read, Unavailable when somebody does not answer.
    """
    match source:
        case DatasetSource():
            return DatasetReader(source)
        case ParquetSource():
            return parquet_reader(source)
        case HubSource():
            return hub_reader(source, token=_token(source, project_id), noted=noted)
        case FileSource():
            return FileReader(_file(source, project_id))
        case TopicSource():
            raise BadInput("Topics are written by the teacher, not read.", param="source.kind")


def _token(source: HubSource, project_id: str) -> str | None:
    if source.secret is None:
        return None
    with transaction() as session:
        return secrets.reveal(session, project_id, source.secret)


def _file(source: FileSource, project_id: str) -> File:
    try:
        with transaction() as session:
            return files.get(session, project_id, source.file)
    except NotFound as error:
        raise BadInput(f"{error.message} Upload it again with POST /files.", param="source.file") from error
