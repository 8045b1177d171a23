"""What a dataset made: pairs, failures, histograms, the funnel, and the export."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from api import export
from api.deps import ListPage, Paging, Reader
from api.schemas.page import Page, page_of
from api.schemas.pair import FailureObject, PairObject, show_failed_chain, show_pair, show_quarantined
from api.schemas.stats import FunnelObject, StatsObject
from core.database import transaction
from core.errors import BadInput
from core.queries import chains, datasets, pairs, prompts, scores
from core.queries.pairs import PairFilter
from core.tables import Dataset

router = APIRouter(prefix="/datasets/{id}", tags=["datasets"])

Split = Literal["train", "validation"]
Verdict = Literal["kept", "dropped"]
EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}, "description": "One pair a line."}
}


def pair_filter(
    split: Split | None = None,
    verdict: Verdict | None = None,
    min_margin: Annotated[
        float | None, Query(allow_inf_nan=False, description="least score_chosen minus score_rejected")
    ] = None,
    reason: Annotated[str | None, Query(max_length=100, description="why they were dropped")] = None,
    reviewed: Annotated[bool | None, Query(description="whether a person has decided about them")] = None,
) -> PairFilter:
    """Which pairs to list."""
    return PairFilter(split=split, verdict=verdict, min_margin=min_margin, reason=reason, reviewed=reviewed)


AskedPairs = Annotated[PairFilter, Depends(pair_filter)]


@router.get("/pairs", summary="Pairs of a dataset")
def list_pairs(id: str, caller: Reader, paging: ListPage, filter: AskedPairs) -> Page[PairObject]:
    """Newest first, with the critique between the two answers."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
        rows = pairs.page(session, id, filter, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_pair)


@router.get("/failures", summary="Chains that became no pair, and why")
def list_failures(id: str, caller: Reader, paging: ListPage) -> Page[FailureObject]:
    """Prompts that were taken out, by index, then failed chains, newest first."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
        return page_of(_failures(session, id, paging), paging, lambda shown: shown)


def _failures(session: Session, id: str, paging: Paging) -> list[FailureObject]:
    kind, _, digits = (paging.after or "prompt_0").partition("_")
    if kind not in ("prompt", "chain") or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise BadInput(f"{paging.after!r} is no id of a failure; send the last_id of a page.", param="after")
    number, most = int(digits), paging.limit + 1
    found: Iterator[FailureObject] = iter(())
    if kind == "prompt":
        found = (show_quarantined(row) for row in prompts.quarantined(session, id) if row.id > number)
    taken = [shown for _, shown in zip(range(most), found, strict=False)]
    after = number if kind == "chain" else None
    failed = chains.failures(session, id, after=after, limit=most - len(taken)) if len(taken) < most else []
    return taken + [show_failed_chain(chain, prompt) for chain, prompt in failed]


@router.get("/stats", summary="Histograms of scores and margins")
def read_stats(id: str, caller: Reader) -> StatsObject:
    """Draft and revision scores of the first scorer, and their differences."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
        first = datasets.frozen(session, id).scorer
        return StatsObject.model_validate(scores.histogram(session, id, scorer=first))


@router.get("/funnel", summary="From asked to kept")
def read_funnel(id: str, caller: Reader) -> FunnelObject:
    """How many chains came through each gate."""
    with transaction() as session:
        row = datasets.get(session, caller.project_id, id)
        return funnel_of(session, row, datasets.progress(session, id), datasets.pair_counts(session, row))


def funnel_of(session: Session, row: Dataset, progress: dict[str, Any], counts: dict[str, int]) -> FunnelObject:
    """The funnel of a dataset whose shards and pairs are counted already."""
    made = progress["stages"].get("generate", {"completed": 0, "failed": 0})
    return FunnelObject(
        asked=row.n_prompts * int(row.config["samples_per_prompt"]),
        produced=made["completed"] + made["failed"],
        parsed=made["completed"],
        scored=counts["scored"],
        distinct=counts["kept"] + counts["dropped"] - counts.get("dropped:identical", 0),
        kept=counts["kept"],
        dropped={name.removeprefix("dropped:"): n for name, n in counts.items() if name.startswith("dropped:")},
        failed=chains.failed_by_reason(session, row.id),
        quarantined=len(prompts.quarantined(session, row.id)),
    )


@router.get("/export", response_class=StreamingResponse, responses=EXPORT, summary="Export the pairs")
def export_pairs(
    request: Request,
    id: str,
    caller: Reader,
    format: Literal["trl", "jsonl"] = "trl",
    split: Split | None = None,
    verdict: Literal["kept", "dropped", "all"] = "kept",
) -> StreamingResponse:
    """JSON lines, streamed: `trl` for TRL's DPO trainer, `jsonl` for the pair objects. What is finished so far."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
    asked = PairFilter(split=split, verdict=None if verdict == "all" else verdict)
    chunks = export.lines(id, asked, format, request.app.state.streams)
    headers = {"content-disposition": f'attachment; filename="{id}.{format}.jsonl"'}
    return StreamingResponse(chunks, media_type="application/jsonl", headers=headers)
