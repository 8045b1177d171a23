"""One pair: read with its whole provenance, and reviewed."""

from typing import Annotated

from fastapi import APIRouter, Body

from api import examples
from api.deps import ListPage, Reader, Writer
from api.schemas.page import Page, page_of
from api.schemas.pair import PairObject, show_pair
from api.schemas.provenance import PairDetail, show_detail
from api.schemas.review import ReviewObject, show_review
from core.configs.review import ReviewConfig
from core.database import transaction
from core.provenance import ground, trace
from core.queries import exports, pairs, reviews

router = APIRouter(prefix="/pairs", tags=["pairs"])


@router.get("/{id}", summary="Read a pair")
def read_pair(id: str, caller: Reader) -> PairDetail:
    """Chosen and rejected, the verdict, and everything that decided them: turns, scores, teacher, sampling, seeds."""
    with transaction() as session:
        row = pairs.get(session, caller.project_id, id)
        scores = exports.scores_of(session, [row.Pair.chain_id]).get(row.Pair.chain_id, ())
        return show_detail(row, trace(exports.one(session, id), scores, ground(session, row.Pair.dataset_id)))


@router.patch("/{id}", summary="Review a pair")
def review_pair(
    id: str, body: Annotated[ReviewConfig, Body(openapi_examples=examples.REVIEW)], caller: Writer
) -> PairObject:
    """Accept, reject, swap or edit; the original is kept, and no filter overrules it."""
    with transaction() as session:
        reviews.add(session, caller.project_id, id, body, reviewer=caller.key_id)
    with transaction() as session:
        return show_pair(pairs.get(session, caller.project_id, id))


@router.get("/{id}/reviews", summary="Reviews of a pair")
def list_reviews(id: str, caller: Reader, paging: ListPage) -> Page[ReviewObject]:
    """Newest first, each with the pair before and after."""
    with transaction() as session:
        pairs.get(session, caller.project_id, id)
        rows = reviews.page(session, id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_review)
