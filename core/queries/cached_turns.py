"""Statements about cached turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, any_, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.orm import Session

from core.queries.intervals import seconds
from core.queries.recordset import ROWS, as_hex, insert_rows
from core.tables import CachedTurn

DAY = 86_400


@dataclass(frozen=True)
class CacheStats:
    """How many turns of a project are kept, the bytes of their texts and ids, and how often they were used."""

    turns: int
    bytes: int
    hits: int


def find(session: Session, project_id: str, keys: Sequence[bytes]) -> dict[bytes, CachedTurn]:
    """The turns of these keys that are there; `used` notes their use."""
    if not keys:
        return {}
    wanted = CachedTurn.key == any_(literal(list(keys), ARRAY(LargeBinary)))  # one parameter for any number of keys
    found = session.scalars(select(CachedTurn).where(CachedTurn.project_id == project_id, wanted))
    return {row.key: row for row in found}


def used(session: Session, project_id: str, keys: Sequence[bytes]) -> None:
    """Count one hit for each of these turns."""
    if keys:
        session.execute(
            update(CachedTurn)
            .where(CachedTurn.project_id == project_id, CachedTurn.key.in_(keys))
            .values(hits=CachedTurn.hits + 1, used_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )


def store(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Keep turns; one that is there already stays as it is."""
    if rows:
        ordered = sorted(rows, key=lambda row: row["key"])  # two writers lock them in one order
        told = [{name: as_hex(value) for name, value in row.items()} for row in ordered]
        session.execute(_insert(tuple(told[0])), {ROWS: told})


@cache
def _insert(names: tuple[str, ...]) -> Insert:
    return insert_rows(CachedTurn, names).on_conflict_do_nothing()


def stats(session: Session, project_id: str) -> CacheStats:
    """What the cache holds for a project."""
    size = func.coalesce(func.octet_length(CachedTurn.text), 0) + func.coalesce(
        func.octet_length(CachedTurn.token_ids), 0
    )
    numbers = select(func.count(), func.coalesce(func.sum(size), 0), func.coalesce(func.sum(CachedTurn.hits), 0))
    return CacheStats(*map(int, session.execute(numbers.where(CachedTurn.project_id == project_id)).one()))


def trim(session: Session, *, unused_days: float, project_id: str | None = None, most: int | None = None) -> int:
    """Forget turns that nobody used for so many days, and no more than `most` of them; returns how many."""
    old = select(CachedTurn.project_id, CachedTurn.key).where(
        CachedTurn.used_at < func.clock_timestamp() - seconds(DAY * unused_days)
    )
    mine = old if project_id is None else old.where(CachedTurn.project_id == project_id)
    some = mine.limit(most).with_for_update(skip_locked=True)  # one that is used right now stays
    statement = delete(CachedTurn).where(tuple_(CachedTurn.project_id, CachedTurn.key).in_(some))
    found = session.execute(statement.execution_options(synchronize_session=False))
    return int(found.rowcount)  # type: ignore[attr-defined]
