"""Models that can be named: folders under the model roots, and what runs have made."""

from datetime import UTC, datetime

from fastapi import APIRouter

from api.artifacts import folder_of
from api.checks.models import architecture_of, kind_of
from api.deps import ListPage, Reader
from api.schemas.model import ModelObject
from api.schemas.page import Page, page_of
from core.database import transaction
from core.models import available
from core.queries import runs
from core.settings import settings
from core.tables import Run

router = APIRouter(prefix="/models", tags=["models"])

MOST_TUNED = 1000


@router.get("", summary="List models")
def list_models(caller: Reader, paging: ListPage) -> Page[ModelObject]:
    """Tuned models, newest first, then the folders by name. A Hugging Face id can be named without being listed."""
    with transaction() as session:
        tuned = [_tuned(run) for run in runs.trained(session, caller.project_id, limit=MOST_TUNED)]
    every = tuned + _folders()
    start = next((place + 1 for place, model in enumerate(every) if model.id == paging.after), 0)
    return page_of(every[start : start + paging.limit + 1], paging, lambda model: model)


def _folders() -> list[ModelObject]:
    roots = settings().model_roots
    paths = [next(root / name for root in roots if (root / name).is_dir()) for name in available(roots)]
    return [
        ModelObject(
            id=path.name,
            source="folder",
            kind=kind_of(path),
            architecture=architecture_of(path),
            path=str(path),
            run=None,
            base=None,
            created_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        )
        for path in paths
    ]


def _tuned(run: Run) -> ModelObject:
    folder = folder_of(run)
    return ModelObject(
        id=run.id,
        source="run",
        kind=kind_of(folder) if folder else "unknown",
        architecture=architecture_of(folder) if folder else None,
        path=str(folder),
        run=run.id,
        base=run.config["student"],
        created_at=run.succeeded_at or run.evaluating_at,
    )
