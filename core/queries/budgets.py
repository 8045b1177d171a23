"""Statements about budgets: what a dataset has spent, how many chains may be begun, and its end when none may.

A chain costs at most `bound` (an upper limit that the worker works out from its texts). So many are under way that
together they stay below what is left; near the end no more than a micro-batch, and no more than what is left is worth
by the mean of the chains so far.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.configs.budget import BudgetConfig
from core.configs.dataset import DatasetConfig
from core.ledger import Claim
from core.queries import chains, events, parents, pipeline, shards, working
from core.queries.rows import AnyRow
from core.settings import settings
from core.states import ShardState, Stage
from core.tables import Dataset, Shard

ASKING = (str(Stage.generate), str(Stage.grow))  # stages whose rows are begun by leave
NAMES = {"tokens": "tokens", "usd": "USD", "seconds": "seconds"}


@dataclass(frozen=True)
class Price:
    """What something takes: tokens read and sampled together, and money."""

    tokens: float
    usd: float

    def __add__(self, other: "Price") -> "Price":
        return Price(self.tokens + other.tokens, self.usd + other.usd)

    def __mul__(self, times: float) -> "Price":
        return Price(self.tokens * times, self.usd * times)


@dataclass(frozen=True)
class Standing:
    """Where a dataset stands; `seconds` are those in which it was worked on.

    `chain` is the mean price of its newest chains and `verdict` that of a judged chain, None before the first one; what
    the cache gave for nothing says nothing about the next one, and is left out. `unjudged` counts the chains that still
    wait for their judges.
    """

    spent: Price
    seconds: float
    chain: Price | None
    verdict: Price | None
    unjudged: int
    begun: int


@dataclass(frozen=True)
class Grant:
    """How many more chains may be begun now; `reached` names the limit after which none is begun any more."""

    chains: int
    reached: str | None = None


def grant(session: Session, claim: Claim, *, held: int, wanted: int, bound: Price, verdict: Price) -> Grant:
    """Allow up to `wanted` chains more beside the `held` ones of this shard, and note them on it.

    `bound` is the most one chain may take, `verdict` the most its judges may. Raises LeaseLost.
    """
    shards.reserve(session, claim, held)
    config, stopped = session.execute(
        select(Dataset.config, Dataset.stopped).where(Dataset.id == claim.dataset_id).with_for_update(key_share=True)
    ).one()
    if stopped is not None:
        return Grant(0, stopped)
    asked = DatasetConfig.model_validate(config)
    now = standing(session, claim.dataset_id, asked)
    if claim.stage == Stage.grow:  # a topic is no chain: none is begun that would not fit at its longest
        now = replace(now, chain=None)
    found = decide(asked.budget, now, bound=bound, verdict=verdict)
    more = min(found.chains, wanted)
    if more:
        shards.reserve(session, claim, held + more)
    return Grant(more, found.reached)


def decide(budget: BudgetConfig, now: Standing, *, bound: Price, verdict: Price) -> Grant:
    """How many chains may be begun beside those that are under way: a pure function of where the dataset stands."""
    owed = (now.verdict or verdict) * now.unjudged
    rooms = []
    for name, limit in (("tokens", budget.tokens), ("usd", budget.usd)):
        if limit is None:
            continue
        left = limit - getattr(now.spent, name) - getattr(owed, name)
        if left <= 0:
            return Grant(0, name)
        most = getattr(bound + verdict, name)
        mean = getattr(now.chain + (now.verdict or verdict), name) if now.chain is not None else most
        rooms.append(_room(left, most, mean))
    if budget.seconds is not None and now.seconds >= budget.seconds:
        return Grant(0, "seconds")
    return Grant(max(0, min(rooms, default=settings().micro_batch_rows) - now.begun))


def _room(left: float, most: float, mean: float) -> int:
    """Chains that may be under way at once with so much left."""
    micro_batch = settings().micro_batch_rows
    worth = math.ceil(left / mean) if mean > 0 else micro_batch
    safe = math.floor(left / most) if most > 0 else micro_batch
    return max(safe, min(micro_batch, worth))


def standing(session: Session, dataset_id: str, asked: DatasetConfig) -> Standing:
    """What the dataset's shards have counted."""
    whole = Shard.role.is_(None)  # drafts that are scored early cost, and their chains are counted later
    done = func.coalesce(func.sum(Shard.completed + Shard.failed).filter(whole), 0)
    statement = (
        select(
            Shard.stage, Shard.model,
            func.sum(Shard.tokens + Shard.prompt_tokens), func.sum(Shard.usd), done,
            func.coalesce(func.sum(Shard.completed).filter(whole), 0),
            func.coalesce(func.sum(Shard.reserved).filter(Shard.state == str(ShardState.running)), 0),
            func.coalesce(func.sum(Shard.completed + Shard.failed).filter(whole, Shard.tokens > 0), 0).label("paid"),
        )
        .where(parents.of_dataset(dataset_id), Shard.stage != str(Stage.gather))
        .group_by(Shard.stage, Shard.model)
    )  # fmt: skip
    rows = session.execute(statement).all()
    spent = sum((Price(float(row[2]), float(row[3])) for row in rows), Price(0.0, 0.0))
    made = [row for row in rows if row[0] == str(Stage.generate)]
    judges = {reward.scorer for reward in asked.reward if reward.kind == "judge"}
    judged = {row[1]: row for row in rows if row[0] == str(Stage.score) and row[1] in judges}
    whole_ones = sum(int(row[5]) for row in made)
    behind = max((whole_ones - int(judged[name][4]) if name in judged else whole_ones for name in judges), default=0)
    paid = chains.newest_paid(session, dataset_id)
    return Standing(
        spent=spent,
        seconds=working.seconds(session, dataset_id),
        chain=Price(*paid) if paid else None,
        verdict=_verdict([judged.get(name) for name in judges]),
        unjudged=behind,
        begun=sum(int(row[6]) for row in rows if row[0] in ASKING),
    )


def _verdict(judges: Sequence[AnyRow | None]) -> Price | None:
    """The mean price of what all judges together say of a chain; None before each has judged one."""
    price = Price(0.0, 0.0)
    for row in judges:
        if row is None or not row.paid:
            return None
        price += Price(float(row[2]), float(row[3])) * (1 / int(row.paid))
    return price


def stop(session: Session, claim: Claim, reached: str) -> None:
    """No further chain is begun: shards that nobody holds are closed, and what they made goes on. Raises LeaseLost."""
    mine = parents.of_dataset(claim.dataset_id)
    parents.hold(session, mine)
    shards.guard(session, claim)
    statement = (
        update(Dataset).where(Dataset.id == claim.dataset_id, Dataset.stopped.is_(None)).values(stopped=reached)
    ).execution_options(synchronize_session=False)
    if not session.execute(statement).rowcount:  # type: ignore[attr-defined]
        return
    closed = (
        update(Shard)
        .where(mine, Shard.stage.in_(ASKING), Shard.state == str(ShardState.queued))
        .values(state=str(ShardState.cancelled), rung_at=None, ended_at=func.clock_timestamp(), waiting=None)
        .returning(*shards.CLAIM_COLUMNS)
        .execution_options(synchronize_session=False)
    )
    for row in session.execute(closed).all():
        pipeline.follow_on(session, shards.as_claim(row))
    events.tell(
        session,
        project_id=claim.project_id,
        subject=claim.dataset_id,
        level="warn",
        message=f"The budget of {NAMES[reached]} is used up; no further chain is begun. What is finished is kept.",
        data={"stopped": reached},
    )
