"""Statements about the pairs' losses and margins under the tuned model of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.queries import pairs
from core.queries.recordset import ROWS, insert_rows
from core.queries.rows import AnyRow
from core.tables import PairLoss

Order = Literal["loss", "margin"]
SPLITS = ("train", "validation")


@dataclass(frozen=True)
class Hardest:
    """Which pairs to list: the greatest loss or the least margin first, of one split or both, from behind a pair on."""

    order: Order = "loss"
    split: str | None = None
    after: str | None = None


class HardPair(NamedTuple):
    """A pair's numbers, and its (Pair, Prompt, Chain, behavior) row as it stands now."""

    found: PairLoss
    row: AnyRow


def store(session: Session, run_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Keep the numbers (`pair_id, split, loss, margin`) of pairs; those that are there already stay as they are."""
    session.execute(_store(), {ROWS: [row | {"run_id": run_id} for row in rows]})


@cache
def _store() -> Insert:
    return insert_rows(PairLoss, ("pair_id", "run_id", "split", "loss", "margin")).on_conflict_do_nothing()


def forget(session: Session, run_id: str) -> None:
    """Delete what a run has noted."""
    session.execute(delete(PairLoss).where(PairLoss.run_id == run_id).execution_options(synchronize_session=False))


def page(session: Session, run_id: str, asked: Hardest, *, limit: int = 20) -> list[HardPair]:
    """The pairs a model finds hardest, with their texts. Raises BadInput (param `after`) for a pair not among them."""
    place = _place(session, run_id, asked)
    found: list[PairLoss] = []
    for split in SPLITS if asked.split is None else (asked.split,):  # each has an index in this order
        found += session.scalars(_listed(run_id, split, asked.order, place).limit(limit))
    falls = asked.order == "loss"
    found.sort(key=lambda one: (getattr(one, asked.order), one.pair_id), reverse=falls)
    rows = pairs.of_ids(session, [one.pair_id for one in found[:limit]])
    return [HardPair(one, rows[one.pair_id]) for one in found[:limit]]


def _listed(run_id: str, split: str, order: Order, place: tuple[float, str] | None) -> Any:
    key = (getattr(PairLoss, order), PairLoss.pair_id)
    falls = order == "loss"
    statement = select(PairLoss).where(PairLoss.run_id == run_id, PairLoss.split == split)
    if place is not None:
        statement = statement.where(tuple_(*key) < place if falls else tuple_(*key) > place)
    return statement.order_by(*(column.desc() if falls else column for column in key))


def _place(session: Session, run_id: str, asked: Hardest) -> tuple[float, str] | None:
    if asked.after is None:
        return None
    found = session.get(PairLoss, {"run_id": run_id, "pair_id": asked.after})
    if found is None:
        raise BadInput(f"{asked.after!r} is no pair of this list; send the last_id of a page.", param="after")
    return getattr(found, asked.order), found.pair_id
