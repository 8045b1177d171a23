"""Statements that find pairs which say what earlier pairs say."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    MetaData,
    SmallInteger,
    Table,
    Text,
    cast,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from core.queries import prompts
from core.queries.rows import AnyRow
from core.tables import Chain, Pair, Prompt

STREAM_ROWS = 500
# Scratch of one transaction: whoever begins again after a crash begins with an empty one.
BAND = Table(
    "pair_band",
    MetaData(),
    Column("band", SmallInteger),
    Column("hash", BigInteger),
    Column("position", BigInteger),
    Column("pair_id", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def kept(session: Session, dataset_id: str) -> Iterator[AnyRow]:
    """(id, messages, chosen, rejected) of kept pairs in the order of their prompts, as a stream.

    Messages are those before a template was laid over them.
    """
    statement = (
        select(Pair.id, prompts.bare().label("messages"), Pair.chosen, Pair.rejected)
        .join(Prompt, Prompt.id == Pair.prompt_id)
        .join(Chain, Chain.id == Pair.chain_id)
        .where(Pair.dataset_id == dataset_id, Pair.verdict == "kept")
        .order_by(Prompt.index, Chain.sample)
        .execution_options(yield_per=STREAM_ROWS)
    )
    yield from session.execute(statement)


def begin(session: Session) -> None:
    """Make the scratch table of this transaction."""
    BAND.create(session.connection())


def note(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write bands of pairs: band, hash, position, pair_id.

    One array for each column: a large dataset has some ten million of them.
    """
    arrays = [cast([row[column.name] for row in rows], ARRAY(column.type)) for column in BAND.columns]
    found = func.unnest(*arrays).table_valued(*(column.name for column in BAND.columns)).render_derived()
    session.execute(insert(BAND).from_select([column.name for column in BAND.columns], select(found)))


def alike(session: Session) -> Iterator[AnyRow]:
    """Pairs that share a band with an earlier one: (band, id, messages, chosen) and (earlier_*) of the band's first."""
    window: dict[str, Any] = {"partition_by": (BAND.c.band, BAND.c.hash), "order_by": BAND.c.position}
    numbered = select(
        BAND.c.band, BAND.c.pair_id, BAND.c.position, func.first_value(BAND.c.pair_id).over(**window).label("first")
    ).subquery()
    found = (
        select(numbered.c.pair_id, numbered.c.first, numbered.c.position, func.min(numbered.c.band).label("band"))
        .where(numbered.c.pair_id != numbered.c.first)
        .group_by(numbered.c.pair_id, numbered.c.first, numbered.c.position)
        .subquery()
    )
    own, first = aliased(Pair), aliased(Pair)
    own_prompt, first_prompt = aliased(Prompt), aliased(Prompt)
    statement = (
        select(
            found.c.band, own.id, prompts.bare(own_prompt).label("messages"), own.chosen, own.review,
            first.id.label("earlier_id"), prompts.bare(first_prompt).label("earlier_messages"),
            first.chosen.label("earlier_chosen"),
        )
        .join(own, own.id == found.c.pair_id)
        .join(first, first.id == found.c.first)
        .join(own_prompt, own_prompt.id == own.prompt_id)
        .join(first_prompt, first_prompt.id == first.prompt_id)
        .order_by(found.c.position, found.c.band)
        .execution_options(yield_per=STREAM_ROWS)
    )  # fmt: skip
    yield from session.execute(statement)


def kept_for(session: Session, id: str) -> AnyRow | None:
    """(id, messages, chosen) of the pair as whose duplicate another one was dropped; None where it was not."""
    own, named = aliased(Pair), aliased(Pair)
    statement = (
        select(named.id, prompts.bare().label("messages"), named.chosen)
        .join(own, own.duplicate_of == named.id)
        .join(Prompt, Prompt.id == named.prompt_id)
        .where(own.id == id, own.verdict == "dropped")
    )
    return session.execute(statement).one_or_none()


def mark(session: Session, id: str, *, reason: str, of: str, similarity: float) -> bool:
    """Drop a pair as a duplicate of an earlier one; False when a person has decided about it meanwhile."""
    statement = update(Pair).where(Pair.id == id, Pair.verdict == "kept", Pair.review.is_(None))
    dropped = {"verdict": "dropped", "reason": reason, "duplicate_of": of, "similarity": similarity}
    marked = session.execute(statement.values(**dropped).execution_options(synchronize_session=False))
    return bool(marked.rowcount)  # type: ignore[attr-defined]
