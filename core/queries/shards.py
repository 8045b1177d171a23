"""Statements about shards while somebody holds them: claim, guard, beat, finish, release."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Interval, and_, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from core.errors import LeaseLost
from core.ledger import Claim, Spent
from core.queries import working
from core.queries.intervals import seconds
from core.queries.rows import AnyRow
from core.settings import settings
from core.states import QUEUE_OF, Queue, ShardState, Stage
from core.tables import FENCING, Shard

NOTHING = Spent()
BATCH = 1_000  # rows in one statement, which has 65,535 parameters at most
CLAIM_COLUMNS = (
    Shard.id, Shard.token, Shard.stage, Shard.project_id, Shard.dataset_id, Shard.run_id, Shard.role,
    Shard.model, Shard.first, Shard.last, Shard.total, Shard.attempts,
)  # fmt: skip


def as_claim(row: AnyRow) -> Claim:
    """A claim from a row that begins with CLAIM_COLUMNS."""
    return Claim(*row[: len(CLAIM_COLUMNS)])


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Queue shards; `queue` follows from `stage`.

    A shard that exists already is left as it is, unless there are more rows to make now than when it was queued: then
    it is queued again, and whoever holds it is fenced, for what they plan to do is too little.
    """
    full = [row | {"queue": str(QUEUE_OF[Stage(row["stage"])]), "state": str(ShardState.queued)} for row in rows]
    for start in range(0, len(full), BATCH):
        session.execute(_add_statement(full[start : start + BATCH]))


def _add_statement(rows: Sequence[dict[str, Any]]) -> Any:
    statement = insert(Shard).values(list(rows))
    stopped = (str(ShardState.paused), str(ShardState.cancelled))
    return statement.on_conflict_do_update(
        index_elements=["dataset_id", "run_id", "stage", "role", "model", "first", "last"],
        set_={
            "state": case((Shard.state.in_(stopped), Shard.state), else_=str(ShardState.queued)),
            "total": statement.excluded.total, "attempts": 0, "failed": 0, "token": None, "owner": None,
            "lease_expires_at": None, "rung_at": None, "ended_at": None, "available_at": func.clock_timestamp(),
        },
        where=statement.excluded.total > Shard.total,
    )  # fmt: skip


def claim(
    session: Session, *, queue: Queue | str, owner: str, model: str | None = None, only: bool = False
) -> Claim | None:
    """Take the oldest queued shard of the highest priority in the queue, of equals one that needs `model` first.

    With `only`, one that needs `model` and was never claimed before: it can be worked on beside others without
    putting them at risk. Returns None when there is none, or when a shard of a higher priority needs another model.
    """
    for preferred in ([model] if only else [model, None]) if model else [None]:
        statement = _claim_statement(preferring=preferred is not None, fresh=only)
        told = {"from_queue": str(queue), "by": owner, "lease": timedelta(seconds=settings().lease_seconds)}
        found = session.execute(statement, told | ({"wanted": preferred} if preferred else {})).one_or_none()
        if found is not None:
            taken = as_claim(found)
            working.begun(session, taken)
            return taken
    return None


@cache  # a worker claims again and again, and a statement takes longer to build than to run
def _claim_statement(*, preferring: bool, fresh: bool) -> Any:
    claimable = (
        Shard.queue == bindparam("from_queue"),
        Shard.state == ShardState.queued,
        Shard.available_at <= func.clock_timestamp(),
    )
    first = (Shard.priority.desc(), Shard.id)
    waiting = select(Shard.id).where(*claimable).order_by(*first).limit(1).with_for_update(skip_locked=True)
    if preferring:
        highest = select(Shard.priority).where(*claimable).order_by(*first).limit(1).scalar_subquery()
        waiting = waiting.where(Shard.model == bindparam("wanted"), Shard.priority >= highest)
    if fresh:
        waiting = waiting.where(Shard.attempts == 0)
    return (
        update(Shard)
        .where(Shard.id == waiting.scalar_subquery())
        .values(
            state=str(ShardState.running),
            token=FENCING.next_value(),
            owner=bindparam("by"),
            attempts=Shard.attempts + 1,
            waiting=None,
            reserved=0,
            lease_expires_at=func.clock_timestamp() + bindparam("lease", type_=Interval),
            started_at=func.coalesce(Shard.started_at, func.clock_timestamp()),
        )
        .returning(*CLAIM_COLUMNS)
        .execution_options(synchronize_session=False)
    )


def _mine(claim: Claim) -> ColumnElement[bool]:
    return and_(Shard.id == claim.shard_id, Shard.token == claim.token, Shard.state == ShardState.running)


def _write(session: Session, claim: Claim, **columns: Any) -> None:
    statement = update(Shard).where(_mine(claim)).values(**columns).execution_options(synchronize_session=False)
    if not session.execute(statement).rowcount:  # type: ignore[attr-defined]
        raise _lost(claim)


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(f"Shard {claim.shard_id} is no longer held under token {claim.token}.")


def guard(session: Session, claim: Claim, *, completed: int = 0, failed: int = 0, spent: Spent = NOTHING) -> None:
    """Lock the shard and count rows; call it in the same transaction as any write under the claim.

    Raises LeaseLost when the token is stale: roll back and stop.
    """
    counted = {"completed": completed, "failed": failed} | asdict(spent)
    told = {f"more_{name}": number for name, number in counted.items()}
    found = session.execute(_more(tuple(counted)), told | {"held": claim.shard_id, "under": claim.token})
    if not found.rowcount:  # type: ignore[attr-defined]
        raise _lost(claim)


@cache  # as above: it goes with every micro-batch
def _more(names: tuple[str, ...]) -> Any:
    mine = and_(
        Shard.id == bindparam("held"), Shard.token == bindparam("under"), Shard.state == str(ShardState.running)
    )
    counted = {name: getattr(Shard, name) + bindparam(f"more_{name}") for name in names}
    return update(Shard).where(mine).values(**counted).execution_options(synchronize_session=False)


def paid(session: Session, claim: Claim) -> Spent:
    """What the shard has paid for so far."""
    row = session.execute(select(Shard.prompt_tokens, Shard.tokens, Shard.usd).where(Shard.id == claim.shard_id)).one()
    return Spent(*row)


def charge(session: Session, claim: Claim, paid: Spent) -> None:
    """What the shard has paid for in all, as far as its holder knows; a write that is repeated counts once.

    It also counts for a shard that was paused or taken back, for it was paid; not once somebody else holds the shard
    and counts from what stood there. Raises LeaseLost.
    """
    told = {"paid_prompt_tokens": paid.prompt_tokens, "paid_tokens": paid.tokens, "paid_usd": paid.usd}
    found = session.execute(_charge(), told | {"held": claim.shard_id, "under": claim.token})
    if not found.rowcount:  # type: ignore[attr-defined]
        raise _lost(claim)


@cache  # as above
def _charge() -> Any:
    nobody_else = (Shard.state != str(ShardState.running)) | (Shard.token == bindparam("under"))
    most = {
        column.key: func.greatest(column, bindparam(f"paid_{column.key}", type_=column.type))
        for column in (Shard.prompt_tokens, Shard.tokens, Shard.usd)
    }
    statement = update(Shard).where(Shard.id == bindparam("held"), nobody_else).values(most)
    return statement.execution_options(synchronize_session=False)


def counted(session: Session, claim: Claim) -> tuple[int, int]:
    """(completed, failed) of the shard, which stays locked for this transaction. Raises LeaseLost."""
    found = session.execute(select(Shard.completed, Shard.failed).where(_mine(claim)).with_for_update()).one_or_none()
    if found is None:
        raise _lost(claim)
    return found.completed, found.failed


def count(session: Session, claim: Claim, *, completed: int, failed: int, total: int) -> None:
    """What the shard counts from here on; a write that is repeated counts once. Raises LeaseLost."""
    _write(session, claim, completed=completed, failed=failed, total=total)


def reserve(session: Session, claim: Claim, rows: int) -> None:
    """Say how many rows are begun and not stored yet. Raises LeaseLost."""
    _write(session, claim, reserved=rows)


def count_all(session: Session, claim: Claim) -> None:
    """Everything that was not counted yet is made. Raises LeaseLost."""
    _write(session, claim, completed=Shard.total - Shard.failed)


def settle_total(session: Session, claim: Claim) -> None:
    """What was counted is all there was to make. Raises LeaseLost."""
    _write(session, claim, total=Shard.completed + Shard.failed)


def beat(session: Session, claim: Claim) -> None:
    """Renew the lease. Raises LeaseLost."""
    _write(session, claim, lease_expires_at=func.clock_timestamp() + seconds(settings().lease_seconds))


def finish(session: Session, claim: Claim) -> None:
    """The shard is done. Raises LeaseLost."""
    _write(
        session, claim, state=str(ShardState.done), lease_expires_at=None, ended_at=func.clock_timestamp(), error=None
    )


def held(session: Session, shard_id: int, token: int) -> Claim:
    """The claim of a shard held under the token. Raises LeaseLost."""
    statement = select(*CLAIM_COLUMNS).where(
        Shard.id == shard_id, Shard.token == token, Shard.state == ShardState.running
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise LeaseLost(f"Shard {shard_id} is not held under token {token}.")
    return as_claim(found)


def newest_held(session: Session, queue: Queue) -> Claim | None:
    """The latest claim of a queue that is held."""
    held = Shard.queue == str(queue), Shard.state == ShardState.running
    found = session.execute(select(*CLAIM_COLUMNS).where(*held).order_by(Shard.token.desc()).limit(1)).one_or_none()
    return None if found is None else as_claim(found)


def hand_back(session: Session, claim: Claim, *, pause: float = 0.0, waiting: str | None = None) -> None:
    """Give up a shard without blame, to be claimed again after `pause` seconds; `waiting` says for what.

    Raises LeaseLost.
    """
    _write(
        session,
        claim,
        state=str(ShardState.queued),
        attempts=Shard.attempts - 1,
        available_at=func.clock_timestamp() + seconds(pause),
        waiting=waiting,
        lease_expires_at=None,
        token=None,
        owner=None,
        rung_at=None,
    )
    working.let_go(session, claim)
