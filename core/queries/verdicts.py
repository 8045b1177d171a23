"""Statements that write pairs and their verdicts. The counts of the dataset follow in the same transaction.

So a dataset of a million pairs tells its counts without counting. Whoever writes holds its shard, or the pair, before:
the dataset's row comes last, as in `working`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Text, case, cast, column, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.ledger import Claim
from core.queries import shards
from core.tables import Dataset, Pair

NO_PAIRS = {"kept": 0, "dropped": 0, "scored": 0}  # the counts of a dataset without one


@dataclass(frozen=True)
class Judged:
    """Why a pair was dropped before, and why it is dropped now; None where it is kept."""

    id: str
    before: str | None
    after: str | None


def told_of(verdict: str, reason: str | None, *, scored: bool) -> Counter[str]:
    """What one pair adds to the counts: see `pairs.counts`."""
    return Counter([verdict, *(["scored"] if scored else []), *([f"dropped:{reason}"] if reason is not None else [])])


def write(session: Session, claim: Claim, rows: Sequence[dict[str, Any]]) -> None:
    """Insert pairs whose chain has none yet, all with the same columns, and count the new ones. Raises LeaseLost."""
    new = _store(session, rows) if rows else Counter[str]()
    shards.guard(session, claim, completed=new["kept"] + new["dropped"])
    count(session, claim.dataset_id, new)


def _store(session: Session, rows: Sequence[dict[str, Any]]) -> Counter[str]:
    """What the new ones add to the counts.

    One array for each column: a parameter for each value would cost more than the rows themselves.
    """
    columns = [Pair.__table__.columns[name] for name in rows[0]]
    arrays = [cast([row[column.name] for row in rows], ARRAY(column.type)) for column in columns]
    found = func.unnest(*arrays).table_valued(*(column.name for column in columns)).render_derived()
    new = insert(Pair).from_select([column.name for column in columns], select(found))
    scored = (Pair.score_chosen + Pair.score_rejected).is_not(None)
    statement = new.on_conflict_do_nothing(index_elements=["chain_id"]).returning(Pair.verdict, Pair.reason, scored)
    return _sum(told_of(verdict, reason, scored=both) for verdict, reason, both in session.execute(statement))


def judge(session: Session, told: Sequence[Judged]) -> Counter[str]:
    """Set the verdicts of pairs, but of those that a person has decided about meanwhile; what it changes in the counts.

    Call `count` with it once the shard is guarded.
    """
    if not told:
        return Counter()
    names = ("id", "before", "after")
    arrays = [cast([getattr(one, name) for one in told], ARRAY(Text)) for name in names]
    found = func.unnest(*arrays).table_valued(*(column(name, Text) for name in names)).render_derived()
    same = (Pair.id == found.c.id) & Pair.reason.is_not_distinct_from(found.c.before) & Pair.review.is_(None)
    verdict = case((found.c.after.is_(None), "kept"), else_="dropped")
    statement = (
        update(Pair)
        .where(same)
        .values(verdict=verdict, reason=found.c.after, duplicate_of=None, similarity=None)
        .returning(found.c.before, found.c.after)
        .execution_options(synchronize_session=False)
    )
    return _sum(changed(_side(before), _side(after)) for before, after in session.execute(statement))


def changed(before: Counter[str], after: Counter[str]) -> Counter[str]:
    """What the counts change by when pairs that told `before` tell `after`."""
    change = Counter(after)
    change.subtract(before)
    return change


def count(session: Session, dataset_id: str, change: Mapping[str, int]) -> None:
    """Bring the counts of a dataset up to date. One that was begun before there were any gets them when it ends."""
    if not any(change.values()):
        return
    mine = Dataset.id == dataset_id
    locked = select(Dataset.counts).where(mine).with_for_update(key_share=True)  # inserts of pairs share the key
    counts = session.scalars(locked).one()
    if counts is None:
        return
    summed = Counter(counts)
    summed.update(change)
    kept = {name: number for name, number in summed.items() if number or name in NO_PAIRS}
    statement = update(Dataset).where(mine).values(counts=kept)
    session.execute(statement.execution_options(synchronize_session=False))


def _side(reason: str | None) -> Counter[str]:
    """Whether it is scored does not change with the verdict."""
    return told_of("kept" if reason is None else "dropped", reason, scored=False)


def _sum(changes: Iterable[Counter[str]]) -> Counter[str]:
    """Of changes, which may be negative: `+` of two counters would lose those."""
    summed = Counter[str]()
    for change in changes:
        summed.update(change)
    return summed
