"""Statements for shards that failed, whose holder vanished, or that nobody was rung for."""

from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core.ledger import Claim
from core.queries import (
    chains,
    evaluations,
    events,
    growth,
    pairs,
    parents,
    pipeline,
    prompts,
    pushes,
    scores,
    shards,
    working,
)
from core.queries.intervals import seconds
from core.queries.moves import move
from core.queries.rows import AnyRow
from core.settings import settings
from core.states import DatasetState, RunState, ShardState, Stage
from core.tables import Dataset, Run, Shard

SWEEP_LOCK = 0x6275726E
RELAY_LOCK = 0x72656C61
WHOLE = (str(Stage.train), str(Stage.sift), str(Stage.gather))  # halving them would not help


def only_one(session: Session, lock: int) -> bool:
    """Whether this transaction is the only one that sweeps (or relays) now; the lock goes with the transaction."""
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": lock}))


def release(session: Session, claim: Claim, *, error: str) -> None:
    """Give a shard back after a failure: queued again with a growing pause, or split, or quarantined.

    Raises LeaseLost when it is no longer ours to give.
    """
    shards.guard(session, claim)
    give_back(session, claim, error=error)
    working.let_go(session, claim)


def wait(session: Session, claim: Claim, *, pause: float, reason: str) -> None:
    """Give a shard back without blame for a while; the first one that waits says so in an event.

    Raises LeaseLost.
    """
    shards.hand_back(session, claim, pause=pause, waiting=reason)
    whose = parents.of_run(claim.run_id) if claim.run_id else parents.of_dataset(claim.dataset_id)
    others = select(Shard.id).where(whose, Shard.id != claim.shard_id, Shard.waiting.is_not(None)).limit(1)
    told = select(Shard.attempts).where(Shard.id == claim.shard_id, Shard.error == reason)
    if session.scalar(others) is None and session.scalar(told) is None:
        session.execute(update(Shard).where(Shard.id == claim.shard_id).values(error=reason))
        subject = claim.run_id or claim.dataset_id
        message = f"Waiting: {reason}"
        events.tell(session, project_id=claim.project_id, subject=subject, level="warn", message=message)


def expire(session: Session, *, limit: int = 100) -> list[Claim]:
    """Take back shards whose lease ran out; each is queued again, split, or quarantined. Returns them."""
    statement = (
        select(*shards.CLAIM_COLUMNS, Shard.error)
        .where(Shard.state == str(ShardState.running), Shard.lease_expires_at < func.clock_timestamp())
        .order_by(Shard.lease_expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [(shards.as_claim(row), row.error) for row in session.execute(statement)]
    for claim, error in found:
        give_back(session, claim, error=error or "The worker vanished while it held this shard.")
    for claim, _ in sorted(found, key=lambda one: one[0].dataset_id):  # two sweeps lock datasets in one order
        working.let_go(session, claim)
    return [claim for claim, _ in found]


def give_back(session: Session, claim: Claim, *, error: str) -> None:
    """Queue a held shard again with a growing pause; after `max_attempts` claims split it, or quarantine one prompt."""
    if claim.attempts < settings().max_attempts:
        pause = settings().retry_seconds * 2 ** (claim.attempts - 1)
        _let_go(session, claim, ShardState.queued, error, available_at=func.clock_timestamp() + seconds(pause))
    elif claim.stage == Stage.push:
        pushes.fail(session, claim, error)
        _let_go(session, claim, ShardState.done, error, failed=Shard.total, ended_at=func.clock_timestamp())
    elif claim.stage in WHOLE:
        give_up(session, claim, error=error)
    else:
        _bisect(session, claim, error)


def give_up(session: Session, claim: Claim, *, error: str) -> None:
    """Fail the shard's dataset or run, and fence its other shards: trying again or halving would not help."""
    _let_go(session, claim, ShardState.quarantined, error, ended_at=func.clock_timestamp())
    if claim.run_id is not None:
        move(session, Run, claim.run_id, RunState.failed, error=error)
        parents.fence(session, parents.of_run(claim.run_id), ShardState.cancelled)
    else:
        move(session, Dataset, claim.dataset_id, DatasetState.failed, error=error)
        parents.fence(session, parents.of_dataset(claim.dataset_id), ShardState.cancelled)
    subject = claim.run_id or claim.dataset_id
    events.tell(session, project_id=claim.project_id, subject=subject, level="error", message=error)


def load_failed(session: Session, claim: Claim, *, error: str, final: bool) -> None:
    """A model could not be loaded: try again later, or give up when that is `final` or was tried often enough.

    Raises LeaseLost.
    """
    shards.guard(session, claim)
    if final or claim.attempts >= settings().max_attempts:
        give_up(session, claim, error=error)
    else:
        give_back(session, claim, error=error)
    working.let_go(session, claim)


def _let_go(session: Session, claim: Claim, state: ShardState, error: str, **columns: Any) -> None:
    session.execute(
        update(Shard)
        .where(Shard.id == claim.shard_id)
        .values(state=str(state), lease_expires_at=None, token=None, owner=None, rung_at=None, error=error, **columns)
        .execution_options(synchronize_session=False)
    )


def todo(session: Session, claim: Claim) -> list[int]:
    """The index of prompt or topic of every row the shard has still to make, once for each row."""
    if claim.stage == Stage.generate:
        rows = chains.waiting(session, claim)
    elif claim.stage == Stage.score:
        rows = scores.waiting(session, claim)
    elif claim.stage == Stage.pair:
        rows = pairs.waiting(session, claim)
    elif claim.stage == Stage.grow:
        return [topic.place for topic in growth.unsettled(session, claim) for _ in range(topic.wanted)]
    elif claim.stage == Stage.answer:
        rows = evaluations.waiting_answers(session, claim)
    else:
        rows = evaluations.waiting_judgements(session, claim, claim.model)
    return [row.position for row in rows]


def forgive(session: Session, whose: Any) -> None:
    """Rows that quarantined shards gave up count as failed no more; call it before these shards are queued again."""
    quarantined = (Shard.state == str(ShardState.quarantined)) & Shard.stage.not_in(WHOLE)
    statement = select(*shards.CLAIM_COLUMNS, Shard.completed).where(whose, quarantined)
    for row in session.execute(statement).all():
        failed = row.total - row.completed - len(todo(session, shards.as_claim(row)))
        change = update(Shard).where(Shard.id == row.id).values(failed=failed)
        session.execute(change.execution_options(synchronize_session=False))


def _bisect(session: Session, claim: Claim, error: str) -> None:
    left = todo(session, claim)
    if len(set(left)) > 1:
        _split(session, claim, left, error)
        return
    if left and claim.stage in (Stage.generate, Stage.answer):
        prompts.quarantine(session, claim.dataset_id, left[0], error=error)
    _let_go(
        session, claim, ShardState.quarantined, error, failed=Shard.failed + len(left), ended_at=func.clock_timestamp()
    )
    pipeline.follow_on(session, claim)


def _split(session: Session, claim: Claim, left: list[int], error: str) -> None:
    """Two halves of what is left go on with one attempt each; what the shard made stays counted with it."""
    indexes = sorted(set(left))
    middle = indexes[len(indexes) // 2]
    _let_go(
        session, claim, ShardState.halved, error, total=Shard.completed + Shard.failed, ended_at=func.clock_timestamp()
    )
    common = {
        "project_id": claim.project_id, "dataset_id": claim.dataset_id, "run_id": claim.run_id, "stage": claim.stage,
        "role": claim.role, "model": claim.model, "attempts": max(1, settings().max_attempts - 1),
        "priority": select(Shard.priority).where(Shard.id == claim.shard_id).scalar_subquery(),
    }  # fmt: skip
    halves = [(claim.first, middle - 1), (middle, claim.last)]
    if claim.stage == Stage.grow:  # topics go one behind the other: the second half follows the first by itself
        halves = [(indexes[0], middle - 1)]
    shards.add(
        session,
        [
            common | {"first": first, "last": last, "total": sum(first <= index <= last for index in left)}
            for first, last in halves
        ],
    )


def unrung(session: Session, *, limit: int = 1000) -> list[AnyRow]:
    """(id, queue) of claimable shards that nobody was rung for, locked for this transaction."""
    statement = (
        select(Shard.id, Shard.queue)
        .where(
            Shard.state == str(ShardState.queued),
            Shard.rung_at.is_(None),
            Shard.available_at <= func.clock_timestamp(),
        )
        .order_by(Shard.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.execute(statement))


def rung(session: Session, ids: list[int]) -> None:
    """Note that the doorbell was rung for these shards."""
    session.execute(
        update(Shard)
        .where(Shard.id.in_(ids))
        .values(rung_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def unring(session: Session, *, older_than: float) -> int:
    """Forget rings that nobody answered in `older_than` seconds, so that they are rung again; returns how many."""
    statement = (
        update(Shard)
        .where(
            Shard.state == str(ShardState.queued),
            Shard.rung_at < func.clock_timestamp() - seconds(older_than),
        )
        .values(rung_at=None)
        .execution_options(synchronize_session=False)
    )
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def unring_these(session: Session, ids: list[int]) -> None:
    """Forget the rings of these shards: the broker did not take them."""
    session.execute(
        update(Shard)
        .where(Shard.id.in_(ids), Shard.state == str(ShardState.queued))
        .values(rung_at=None)
        .execution_options(synchronize_session=False)
    )
