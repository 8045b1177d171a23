"""What follows the end of a shard: the next stage of the same range, and the end of its parent."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.run import RunConfig
from core.ledger import DRAFT, Claim
from core.queries import chains, evaluations, growth, parents, shards, working
from core.settings import settings
from core.states import ShardState, Stage
from core.tables import Dataset, Run, Shard

REWARDS = TypeAdapter(list[RewardConfig])  # a config may hold a million prompts beside them


def finish(session: Session, claim: Claim) -> None:
    """The shard is done; queue what follows it, in the same transaction. Raises LeaseLost."""
    if claim.role == DRAFT:
        shards.settle_total(session, claim)
    shards.finish(session, claim)
    follow_on(session, claim)
    working.let_go(session, claim)


def follow_on(session: Session, claim: Claim) -> None:
    """Queue the next stage of the claim's range: generate, score by each scorer, pair; answer, judge.

    Prompts that were written are followed by their chains and by the next topics.

    Drafts that are scored early are scored in shards of their own (role `draft`); pairs wait for those too.
    """
    if claim.stage == Stage.generate:
        _queue(session, claim, Stage.score, _scorers(session, claim), chains.done_in(session, claim))
        _hurry(session, claim)
    elif claim.stage == Stage.score:
        span = _scored(session, claim)
        if span is not None:
            span = replace(span, role=None)
            _queue(session, span, Stage.pair, _scorers(session, claim)[:1], chains.unpaired_in(session, span))
    elif claim.stage == Stage.grow:
        growth.follow(session, claim)
    elif claim.stage == Stage.answer:
        run = RunConfig.model_validate(session.scalars(select(Run.config).where(Run.id == claim.run_id)).one())
        scorers = [reward.scorer for reward in run.evaluation.scorers]
        _queue(session, claim, Stage.judge, scorers, evaluations.answers_in(session, claim))


def early(session: Session, claim: Claim) -> None:
    """Queue the scoring of drafts in a range whose chains still go on, once; it is looked at until they have ended."""
    if session.scalar(select(Shard.id).where(_drafts(claim)).limit(1)) is not None:
        return
    frozen = session.scalars(select(Dataset.config).where(Dataset.id == claim.dataset_id)).one()
    config = DatasetConfig.model_validate(frozen)
    scorers = config.early_scorers(apart=settings().scorers_apart)
    _queue(session, replace(claim, role=DRAFT), Stage.score, scorers, claim.total)


def generating(session: Session, claim: Claim) -> bool:
    """Whether chains of the claim's range may still be made."""
    going = _overlaps(claim, Stage.generate) & Shard.state.in_(parents.OPEN)
    return session.scalar(select(Shard.id).where(going).limit(1)) is not None


def _hurry(session: Session, claim: Claim) -> None:
    """The chains of the range have ended: whoever scores their drafts looks at once for the last time."""
    session.execute(
        update(Shard)
        .where(_drafts(claim), Shard.state == str(ShardState.queued))
        .values(available_at=func.clock_timestamp(), rung_at=None)
        .execution_options(synchronize_session=False)
    )


def _drafts(claim: Claim) -> Any:
    return _overlaps(claim, Stage.score) & (Shard.role == DRAFT)


def _overlaps(claim: Claim, stage: Stage) -> Any:
    """The condition that a shard of the dataset has prompts in common with the claim."""
    here = parents.of_dataset(claim.dataset_id) & (Shard.stage == str(stage))
    return here & (Shard.first <= claim.last) & (Shard.last >= claim.first)


def imported(session: Session, claim: Claim, *, first: int, last: int) -> None:
    """Queue what follows a chunk of imported pairs: scores by each scorer that scores anew, else the pairs at once."""
    frozen = session.scalars(select(Dataset.config).where(Dataset.id == claim.dataset_id)).one()
    rewards = DatasetConfig.model_validate(frozen).reward
    span, total = replace(claim, first=first, last=last, role=None), last - first + 1
    anew = [reward.scorer for reward in rewards if reward.kind != "given"]
    if anew:
        _queue(session, span, Stage.score, anew, total)
    else:
        _queue(session, span, Stage.pair, [rewards[0].scorer], total)


def _scorers(session: Session, claim: Claim) -> list[str]:
    asked = session.scalars(select(Dataset.config["reward"]).where(Dataset.id == claim.dataset_id)).one()
    return [reward.scorer for reward in REWARDS.validate_python(asked)]


def _scored(session: Session, claim: Claim) -> Claim | None:
    """The claim over the range that every scorer has scored now, or None while one still works in it.

    Scorers that end at once are looked at one by one. Where one scorer's shard was halved, the range is that of all
    shards that touch each other in it.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(claim.dataset_id, 0))))
    while True:
        span = (func.min(Shard.first), func.max(Shard.last), func.bool_or(Shard.state.in_(parents.OPEN)))
        first, last, busy = session.execute(select(*span).where(_overlaps(claim, Stage.score))).one()
        if busy:
            return None
        if (first, last) == (claim.first, claim.last):
            return claim
        claim = replace(claim, first=first, last=last)


def _queue(session: Session, claim: Claim, stage: Stage, models: list[str], total: int) -> None:
    common = {
        "project_id": claim.project_id, "dataset_id": claim.dataset_id, "run_id": claim.run_id, "role": claim.role,
        "stage": str(stage), "first": claim.first, "last": claim.last, "total": total,
        "priority": select(Shard.priority).where(Shard.id == claim.shard_id).scalar_subquery(),
    }  # fmt: skip
    if total:
        shards.add(session, [common | {"model": model} for model in models])
