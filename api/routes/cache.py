"""The cache of turns: how much it holds, and how it is made smaller."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.orm import Session

from api import examples
from api.deps import Reader, WritePost
from api.once import Answer, answer_once
from api.schemas.cache import CacheObject, TrimmedObject, TrimRequest
from core.database import transaction
from core.queries import cached_turns

router = APIRouter(prefix="/cache", tags=["cache"])


@router.get("", summary="Read the size and use of the cache")
def read_cache(caller: Reader) -> CacheObject:
    """Turns, bytes, hits."""
    with transaction() as session:
        found = cached_turns.stats(session, caller.project_id)
    return CacheObject(turns=found.turns, bytes=found.bytes, hits=found.hits)


@router.post("/trim", response_model=TrimmedObject, summary="Make the cache smaller")
def trim_cache(body: Annotated[TrimRequest, Body(openapi_examples=examples.TRIM)], post: WritePost) -> Response:
    """Datasets that are made already lose nothing."""

    def work(session: Session) -> Answer:
        forgotten = cached_turns.trim(session, unused_days=body.unused_days, project_id=post.caller.project_id)
        return Answer(200, TrimmedObject(forgotten=forgotten))

    return answer_once(post, work)
