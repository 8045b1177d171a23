"""What follows the end of a shard: the next stage of the same range, and the end of its parent."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.dataset import DatasetConfig
from core.configs.run import RunConfig
from core.ledger import Claim
from core.queries import chains, evaluations, shards
from core.states import Stage
from core.tables import Dataset, Run


def finish(session: Session, claim: Claim) -> None:
    """The shard is done; queue what follows it, in the same transaction. Raises LeaseLost."""
    shards.finish(session, claim)
    follow_on(session, claim)


def follow_on(session: Session, claim: Claim) -> None:
    """Queue the next stage of the claim's range: generate, score, pair; answer, judge."""
    if claim.stage == Stage.generate:
        config = DatasetConfig.model_validate(
            session.scalars(select(Dataset.config).where(Dataset.id == claim.dataset_id)).one()
        )
        _queue(session, claim, Stage.score, [config.reward.scorer], chains.done_in(session, claim))
    elif claim.stage == Stage.score:
        _queue(session, claim, Stage.pair, [claim.model], chains.done_in(session, claim))
    elif claim.stage == Stage.answer:
        run = RunConfig.model_validate(session.scalars(select(Run.config).where(Run.id == claim.run_id)).one())
        scorers = [reward.scorer for reward in run.evaluation.scorers]
        _queue(session, claim, Stage.judge, scorers, evaluations.answers_in(session, claim))


def _queue(session: Session, claim: Claim, stage: Stage, models: list[str], total: int) -> None:
    common = {
        "project_id": claim.project_id, "dataset_id": claim.dataset_id, "run_id": claim.run_id, "role": claim.role,
        "stage": str(stage), "first": claim.first, "last": claim.last, "total": total,
    }  # fmt: skip
    if total:
        shards.add(session, [common | {"model": model} for model in models])
