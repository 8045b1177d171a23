"""What a run yields: metrics, checkpoints, evaluations, and the files of the tuned model."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from api import artifacts
from api.deps import ListPage, Paging, Reader
from api.schemas.page import Page, page_of
from api.schemas.run import (
    ArtifactObject,
    CheckpointObject,
    EvaluationObject,
    MetricObject,
    SideBySide,
    show_checkpoint,
    show_evaluation,
    show_metric,
)
from api.schemas.run_pair import RunPairObject, show_run_pair
from core.database import transaction
from core.errors import BadInput
from core.queries import evaluations, pair_losses, run_metrics, runs
from core.queries.pair_losses import Hardest, Order
from core.queries.run_metrics import Series

router = APIRouter(prefix="/runs/{id}", tags=["runs"])

MOST_METRICS = 1000
LAST_STEP = 2**31 - 1


@router.get("/metrics", summary="Metrics of a run, step by step")
def list_metrics(
    id: str,
    caller: Reader,
    after: Annotated[str | None, Query(pattern=r"^(train|validation)\.[0-9]{1,10}$")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_METRICS)] = 100,
    kind: Literal["train", "validation"] | None = None,
    order: Annotated[Literal["asc", "desc"], Query(description="asc: oldest first, as a chart wants it")] = "desc",
) -> Page[MetricObject]:
    """Up to 1000 steps in one answer; `after` goes on in the chosen order."""
    series = Series(kind=kind, after=_place(after), oldest_first=order == "asc")
    with transaction() as session:
        runs.get(session, caller.project_id, id)
        rows = run_metrics.page(session, id, series, limit=limit + 1)
        return page_of(rows, Paging(after, limit), show_metric)


def _place(after: str | None) -> tuple[int, str] | None:
    if after is None:
        return None
    kind, _, step = after.partition(".")
    if int(step) > LAST_STEP:
        raise BadInput(f"{after!r} is no id of a metric; send the last_id of a page.", param="after")
    return int(step), kind


@router.get("/checkpoints", summary="Checkpoints of a run")
def list_checkpoints(id: str, caller: Reader, paging: ListPage) -> Page[CheckpointObject]:
    """Newest first, with those whose files were removed since."""
    with transaction() as session:
        runs.get(session, caller.project_id, id)
        rows = run_metrics.checkpoints(session, id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_checkpoint)


@router.get("/pairs", summary="Pairs that the tuned model finds hardest")
def list_run_pairs(
    id: str,
    caller: Reader,
    paging: ListPage,
    order: Annotated[Order, Query(description="loss: the greatest first; margin: the least first")] = "loss",
    split: Literal["train", "validation"] | None = None,
) -> Page[RunPairObject]:
    """Loss and margin of every pair under the tuned model, with its texts; empty before the last step."""
    asked = Hardest(order=order, split=split, after=paging.after)
    with transaction() as session:
        runs.get(session, caller.project_id, id)
        return page_of(pair_losses.page(session, id, asked, limit=paging.limit + 1), paging, show_run_pair)


@router.get("/evaluations", summary="Before and after")
def list_evaluations(
    id: str,
    caller: Reader,
    paging: ListPage,
    samples: Annotated[int, Query(ge=0, le=1000, description="prompts to show with both answers")] = 20,
) -> Page[EvaluationObject]:
    """Scores of the base and the tuned model with intervals, and answers side by side."""
    with transaction() as session:
        runs.get(session, caller.project_id, id)
        found = evaluations.of_run(session, id)
        rows = [found] if found is not None and (paging.after is None or found.id < paging.after) else []
        answers = [
            SideBySide(
                behavior=row.behavior,
                prompt_index=row.position,
                prompt=row.messages,
                guard=row.guard,
                sample=row.sample,
                base=row.base,
                tuned=row.tuned,
            )
            for evaluation in rows
            for row in evaluations.side_by_side(session, evaluation.id, limit=samples)
        ]
        return page_of(rows, paging, lambda row: show_evaluation(row, answers))


@router.get("/artifacts", summary="Files of the tuned model")
def list_artifacts(id: str, caller: Reader) -> Page[ArtifactObject]:
    """Every file the manifest names, in one answer; empty before the training has ended."""
    with transaction() as session:
        found = artifacts.files(runs.get(session, caller.project_id, id))
    rows = [ArtifactObject(id=file.name, bytes=file.bytes, sha256=file.sha256) for file in found]
    return page_of(rows, Paging(None, len(rows)), lambda shown: shown)


@router.get("/artifacts/{name:path}", response_class=FileResponse, summary="Download a file of the tuned model")
def read_artifact(id: str, name: str, caller: Reader) -> FileResponse:
    """By the name the manifest gives it; nothing else in the folder can be reached."""
    with transaction() as session:
        file = artifacts.find(runs.get(session, caller.project_id, id), name)
    return FileResponse(
        file.path,
        media_type="application/octet-stream",
        filename=file.name.rsplit("/", 1)[-1],
        content_disposition_type="attachment",
        headers={"x-content-type-options": "nosniff"},
    )
