"""What a dataset would take, before it is asked for."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.orm import Session

from api import examples
from api.checks.dataset import check_dataset
from api.deps import WritePost
from api.estimate import estimate, sized
from api.once import Answer, answer_once
from api.schemas.estimate import EstimateObject
from core.configs.dataset import DatasetConfig
from core.queries import estimates

router = APIRouter(prefix="/estimates", tags=["datasets"])


@router.post("", response_model=EstimateObject, summary="Estimate a dataset")
def create_estimate(
    body: Annotated[DatasetConfig, Body(openapi_examples=examples.DATASET)], post: WritePost
) -> Response:
    """Tokens, time and money with their bounds; the body is that of POST /datasets, and nothing is made."""

    def work(session: Session) -> Answer:
        checked = check_dataset(session, post.caller.project_id, body)
        grounds = estimates.grounds(session, post.caller.project_id, checked.config, checked.behaviors)
        return Answer(200, estimate(checked.config, sized(checked.config, checked.behaviors), grounds))

    return answer_once(post, work)
