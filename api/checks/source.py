"""A source of prompts: what it names must be there before work is accepted. What is in it the worker finds out."""

from sqlalchemy.orm import Session

from core.configs.source import DatasetSource, FileSource, HubSource, ParquetSource, Source, TopicSource
from core.data_roots import locate_data
from core.errors import BadInput, Conflict, NotFound
from core.queries import datasets, files, secrets
from core.settings import settings
from core.states import DatasetState


def check_source(session: Session, project_id: str, source: Source, *, at: str) -> None:
    """Raises BadInput for a source that is not there, Conflict for a dataset that has not completed."""
    match source:
        case DatasetSource():
            _check_dataset(session, project_id, source, at)
        case ParquetSource():
            locate_data(source.path, settings().data_roots, suffix=".parquet", param=f"{at}.path")
        case HubSource():
            secrets.check(session, project_id, source.secret, param=f"{at}.secret")
        case FileSource():
            files.hold(session, project_id, source.file, purpose="prompts", param=f"{at}.file")
        case TopicSource():
            pass  # its teacher is checked with the dataset


def asked_of(source: Source, n_prompts: int | None) -> tuple[int, str]:
    """How many prompts are asked for, as far as it is known before the source is read, and the field that says so."""
    if isinstance(source, TopicSource) and n_prompts is None:
        return len(source.topics) * source.per_topic, "source.topics"
    return n_prompts or 0, "n_prompts"


def _check_dataset(session: Session, project_id: str, source: DatasetSource, at: str) -> None:
    try:
        dataset = datasets.get(session, project_id, source.dataset)
    except NotFound as error:
        raise BadInput(f"{error.message} GET /datasets lists those there are.", param=f"{at}.dataset") from error
    if dataset.state != DatasetState.completed:
        raise Conflict(
            f"Dataset {dataset.id} is {dataset.state}; prompts are taken from a completed one.", param=f"{at}.dataset"
        )
