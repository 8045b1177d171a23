"""Is it alive, is it ready, how is it doing. No key: load balancers and scrapers have none."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api import metrics, readiness
from api.deps import PUBLIC

router = APIRouter(tags=["health"], dependencies=[PUBLIC])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(BaseModel):
    """The ledger can be used."""

    status: str = "ready"
    revision: str


@router.get("/healthz", summary="The process answers")
async def healthz() -> Health:
    """Touches nothing but this process."""
    return Health()


@router.get("/readyz", summary="The ledger can be used")
def readyz() -> Readiness:
    """PostgreSQL answers, the migrations are at head, the behavior files are loaded; 503 says what is missing."""
    return Readiness(revision=readiness.check())


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def prometheus() -> Response:
    """Request latency, queue depth and age, shards by state, workers seen."""
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
