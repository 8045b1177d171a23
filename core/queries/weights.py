"""Statements about the weights that imported pairs came with."""

from typing import Any

from sqlalchemy import Float, cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from core.tables import Chain, Pair

NUMBER = '$[*].origin.weight ? (@.type() == "number" && @ >= 0)'


def of_chain() -> Any:
    """A column beside a chain: what the line of its pair said; null where it said nothing."""
    return func.jsonb_path_query_first(Chain.more, cast(NUMBER, JSONPATH))


def weighted(session: Session, dataset_id: str) -> int:
    """How many kept pairs of the training split have a weight above zero."""
    statement = (
        select(func.count())
        .select_from(Pair)
        .join(Chain, Chain.id == Pair.chain_id)
        .where(Pair.dataset_id == dataset_id, Pair.split == "train", Pair.verdict == "kept")
        .where(cast(of_chain(), Float) > 0)
    )
    return int(session.scalar(statement) or 0)
