"""Statements about chains: which are to be made, and storing them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Float, Integer, Select, and_, cast, column, func, or_, select, true
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.orm import Session

from core.ledger import Claim
from core.queries.recordset import ROWS, insert_rows
from core.queries.rows import AnyRow
from core.tables import Chain, Dataset, Pair, Prompt

LOOKED_AT = 500  # chains whose mean tells what the next one costs


def waiting(session: Session, claim: Claim) -> list[AnyRow]:
    """(prompt_id, position, behavior_id, messages, sample) of the claim's chains that have not ended yet.

    An open one comes with its draft, draft_finish and the counts of that turn, which are null for the others.
    """
    asked = Dataset.config["samples_per_prompt"].as_integer()
    samples = session.scalars(select(asked).where(Dataset.id == claim.dataset_id)).one()
    number = (
        func.generate_series(0, samples - 1, type_=Integer).table_valued(column("sample", Integer)).render_derived()
    )
    statement: Select[Any] = (
        select(Prompt.id.label("prompt_id"), Prompt.index.label("position"), Prompt.behavior_id, Prompt.messages,
               number.c.sample, Chain.draft, Chain.draft_finish, Chain.draft_tokens, Chain.prompt_tokens,
               Chain.cached_tokens)
        .select_from(Prompt)
        .join(number, true())
        .outerjoin(Chain, and_(Chain.prompt_id == Prompt.id, Chain.sample == number.c.sample))
        .where(
            Prompt.dataset_id == claim.dataset_id,
            Prompt.index.between(claim.first, claim.last),
            Prompt.quarantined_at.is_(None),
            or_(Chain.id.is_(None), Chain.state == "open"),
        )
        .order_by(Prompt.index, number.c.sample)
    )  # fmt: skip
    return list(session.execute(statement))


def store(session: Session, rows: Sequence[dict[str, Any]]) -> list[AnyRow]:
    """Insert chains that are not there yet; one that is open takes the rest of its turns.

    Returns (state, hits) of those that ended now.
    """
    begun = [row for row in rows if row["state"] == "open"]
    ended = [row for row in rows if row["state"] != "open"]
    if begun:
        session.execute(_begin(tuple(begun[0])), {ROWS: begun})
    return list(session.execute(_end(tuple(ended[0])), {ROWS: ended})) if ended else []


@cache
def _begin(names: tuple[str, ...]) -> Insert:
    return insert_rows(Chain, names).on_conflict_do_nothing(index_elements=["prompt_id", "sample"])


@cache
def _end(names: tuple[str, ...]) -> Executable:
    new = insert_rows(Chain, names)
    statement = new.on_conflict_do_update(
        index_elements=["prompt_id", "sample"],
        set_={name: new.excluded[name] for name in names},
        where=Chain.state == "open",
    )
    return statement.returning(Chain.state, Chain.hits)


def newest_paid(session: Session, dataset_id: str) -> tuple[float, float] | None:
    """Mean (tokens, usd) of the dataset's newest chains, those apart that the cache gave whole; None without any."""
    tokens = (Chain.paid_prompt_tokens + Chain.paid_tokens).label("tokens")
    ended = (Chain.dataset_id == dataset_id) & (Chain.state != "open")
    newest = select(tokens, Chain.usd).where(ended).order_by(Chain.id.desc()).limit(LOOKED_AT).subquery()
    means = select(func.avg(cast(newest.c.tokens, Float)), func.avg(newest.c.usd)).where(newest.c.tokens > 0)
    row = session.execute(means).one()
    return None if row[0] is None else (float(row[0]), float(row[1]))


def done_in(session: Session, claim: Claim) -> int:
    """Chains of the claim's range that ended well."""
    statement = (
        select(func.count())
        .select_from(Chain)
        .join(Prompt, Prompt.id == Chain.prompt_id)
        .where(
            Prompt.dataset_id == claim.dataset_id,
            Prompt.index.between(claim.first, claim.last),
            Chain.state == "done",
        )
    )
    return int(session.scalar(statement) or 0)


def unpaired_in(session: Session, claim: Claim) -> int:
    """Chains of the claim's range that ended well and have no pair yet."""
    paired = select(Pair.id).where(Pair.chain_id == Chain.id).exists()
    statement = (
        select(func.count())
        .select_from(Chain)
        .join(Prompt, Prompt.id == Chain.prompt_id)
        .where(
            Prompt.dataset_id == claim.dataset_id,
            Prompt.index.between(claim.first, claim.last),
            Chain.state == "done",
            ~paired,
        )
    )
    return int(session.scalar(statement) or 0)


def failed_by_reason(session: Session, dataset_id: str) -> dict[str, int]:
    """Failed chains by the turn that failed and why: `{"draft truncated": n}`."""
    statement = (
        select(Chain.failure_turn, Chain.failure_reason, func.count())
        .where(Chain.dataset_id == dataset_id, Chain.state == "failed")
        .group_by(Chain.failure_turn, Chain.failure_reason)
        .order_by(func.count().desc())
    )
    return {f"{turn} {reason}": int(number) for turn, reason, number in session.execute(statement)}


def failures(session: Session, dataset_id: str, *, after: int | None = None, limit: int = 20) -> list[AnyRow]:
    """Failed chains of a dataset with their prompt, newest first."""
    statement = (
        select(Chain, Prompt)
        .join(Prompt, Prompt.id == Chain.prompt_id)
        .where(Chain.dataset_id == dataset_id, Chain.state == "failed")
        .order_by(Chain.id.desc())
        .limit(limit)
    )
    return list(session.execute(statement if after is None else statement.where(Chain.id < after)))
