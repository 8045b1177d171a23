"""Statements about the lengths of answers beside their scores."""

import math
from collections.abc import Sequence

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from core.queries.rows import AnyRow
from core.tables import Pair


def sample(session: Session, dataset_id: str, *, total: int, most: int) -> Sequence[AnyRow]:
    """(id, verdict, chosen_chars, rejected_chars, score_chosen, score_rejected) of `most` of the `total` scored pairs.

    Drawn by a hash of the id: the same ones each time, spread over the dataset.
    """
    scored = (Pair.dataset_id == dataset_id) & (Pair.score_chosen + Pair.score_rejected).is_not(None)
    stride = max(math.ceil(total / most), 1)
    drawn = func.mod(func.abs(cast(func.hashtext(Pair.id), BigInteger)), stride) == 0
    statement = (
        select(
            Pair.id, Pair.verdict, func.char_length(Pair.chosen).label("chosen_chars"),
            func.char_length(Pair.rejected).label("rejected_chars"), Pair.score_chosen, Pair.score_rejected,
        )
        .where(scored, drawn)
        .order_by(Pair.id)
        .limit(most)
    )  # fmt: skip
    return session.execute(statement).all()
