"""What a dataset made: pairs, failures, histograms, the funnel, and the export."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from api import export
from api.deps import ListPage, Paging, Reader
from api.schemas.page import Page, page_of
from api.schemas.pair import FailureObject, PairObject, show_failed_chain, show_pair, show_quarantined
from api.schemas.stats import FunnelObject, StatsObject
from core.card import card
from core.database import transaction
from core.errors import BadInput
from core.queries import cards, chains, datasets, pairs, prompts, scorers, scores
from core.queries.pairs import PairFilter
from core.tables import Dataset

router = APIRouter(prefix="/datasets/{id}", tags=["datasets"])

Split = Literal["train", "validation"]
Verdict = Literal["kept", "dropped"]
Format = Literal["trl", "openai", "parquet", "jsonl"]
EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            export.JSONL: {"schema": {"type": "string"}},
            export.PARQUET: {"schema": {"type": "string", "format": "binary"}},
        },
        "description": "One pair a line, or a row.",
    }
}

NOTHING = {"completed": 0, "failed": 0}
CARD: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/markdown": {"schema": {"type": "string"}}}, "description": "Markdown."}
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


AskedScorer = Annotated[str | None, Query(max_length=1_000, description="left out: the first one")]
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
    found = prompts.quarantined(session, id, after=number, limit=most) if kind == "prompt" else []
    taken = [show_quarantined(row) for row in found]
    after = number if kind == "chain" else None
    failed = chains.failures(session, id, after=after, limit=most - len(taken)) if len(taken) < most else []
    return taken + [show_failed_chain(chain, prompt) for chain, prompt in failed]


@router.get("/stats", summary="Histograms of scores and margins")
def read_stats(id: str, caller: Reader, scorer: AskedScorer = None) -> StatsObject:
    """Draft and revision scores, and their differences, by one of the dataset's scorers."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
        name = scorers.named(session, id, scorer, param="scorer")
        return StatsObject.model_validate({"scorer": name, **scores.histogram(session, id, scorer=name)})


@router.get("/funnel", summary="From asked to kept")
def read_funnel(id: str, caller: Reader) -> FunnelObject:
    """How many chains came through each gate."""
    with transaction() as session:
        row = datasets.get(session, caller.project_id, id)
        return funnel_of(session, row, datasets.progress(session, id), datasets.pair_counts(session, row))


def funnel_of(session: Session, row: Dataset, progress: dict[str, Any], counts: dict[str, int]) -> FunnelObject:
    """The funnel of a dataset whose shards and pairs are counted already."""
    stages = {"generate": NOTHING, "gather": NOTHING, "grow": NOTHING} | progress["stages"]
    made = stages["generate" if row.config["pairs"] is None else "gather"]
    failed = chains.failed_by_reason(session, row.id) if made["failed"] else {}
    return FunnelObject(
        gathered=stages["gather"]["completed"] + stages["grow"]["completed"],
        left_out=stages["gather"]["failed"] + stages["grow"]["failed"],
        asked=row.n_prompts * int(row.config["samples_per_prompt"]),
        produced=made["completed"] + sum(failed.values()),
        parsed=made["completed"],
        scored=counts["scored"],
        distinct=pairs.distinct(counts),
        kept=counts["kept"],
        dropped={name.removeprefix("dropped:"): n for name, n in counts.items() if name.startswith("dropped:")},
        failed=failed,
        quarantined=prompts.count_quarantined(session, row.id),
    )


@router.get("/export", response_class=StreamingResponse, responses=EXPORT, summary="Export the pairs")
def export_pairs(
    request: Request,
    id: str,
    caller: Reader,
    format: Format = "trl",
    split: Split | None = None,
    verdict: Literal["kept", "dropped", "all"] = "kept",
) -> StreamingResponse:
    """Streamed: `trl` for TRL's DPO trainer, `parquet` with the same columns, `openai` for fine-tuning there (without
    scores), `jsonl` with everything there is about a pair. What is finished so far."""
    with transaction() as session:
        datasets.get(session, caller.project_id, id)
    asked = PairFilter(split=split, verdict=None if verdict == "all" else verdict)
    chunks = export.chunks(id, asked, format, request.app.state.streams)
    headers = {"content-disposition": f'attachment; filename="{export.file_name(id, format)}"'}
    return StreamingResponse(chunks, media_type=export.media_type(format), headers=headers)


@router.get("/card", response_class=Response, responses=CARD, summary="The dataset card")
def read_card(id: str, caller: Reader) -> Response:
    """Markdown with a head of YAML: behavior, teacher, scorers, counts, licences as the operator has stated them."""
    with transaction() as session:
        row = datasets.get(session, caller.project_id, id)
        return Response(card(cards.facts(session, row)), media_type="text/markdown")
