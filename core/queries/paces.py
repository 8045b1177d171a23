"""Statements about how fast teachers and scorers went: rows a second while any shard of theirs was held.

Only datasets that went through without a stop count, and shards that the cache served nothing of. Shards are worked on
side by side: their time is that in which any of them was held. A larger dataset weighs more.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, aliased

from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.ledger import DRAFT
from core.queries.alike import same_scorer
from core.states import ShardState, Stage
from core.tables import Dataset, Shard

NEWEST = 20  # datasets that are looked at


def of_teacher(session: Session, datasets: Sequence[str]) -> float | None:
    """Chains a second that were made for these datasets."""
    return _pace(session, Dataset.id.in_(datasets), Shard.stage == str(Stage.generate), Shard.completed + Shard.failed)


def of_scorers(session: Session, project_id: str, config: DatasetConfig) -> dict[str, float]:
    """Answers a second of a request's scorers, by name; without those that scored nothing in this way yet."""
    found = {reward.scorer: _of_scorer(session, project_id, reward) for reward in config.reward}
    return {name: pace for name, pace in found.items() if pace is not None}


def _of_scorer(session: Session, project_id: str, reward: RewardConfig) -> float | None:
    """Drafts that were scored early are left out, and so is their time: it passed while chains were made."""
    mine = select(Dataset.id).where(Dataset.project_id == project_id, same_scorer(reward))
    newest = mine.order_by(Dataset.id.desc()).limit(NEWEST)
    early = aliased(Shard)
    drafts = (early.dataset_id == Shard.dataset_id) & (early.model == Shard.model) & (early.role == DRAFT)
    revisions = Dataset.config["best_of"].as_integer()
    answers = case((select(early.id).where(drafts).exists(), revisions), else_=1 + revisions)
    of_chains = and_(Shard.stage == str(Stage.score), Shard.model == reward.scorer, Shard.role.is_(None))
    return _pace(session, Dataset.id.in_(newest), of_chains, answers * Shard.completed)


def _pace(session: Session, datasets: Any, shards: Any, rows: Any) -> float | None:
    through = and_(*(moment.is_(None) for moment in (Dataset.paused_at, Dataset.cancelled_at, Dataset.failed_at)))
    clean = and_(shards, Shard.state == str(ShardState.done), Shard.hits == 0)
    span = func.tstzrange(Shard.started_at, func.greatest(Shard.started_at, Shard.ended_at))
    held = (
        select(Dataset.id, func.sum(rows).label("made"), func.range_agg(span).label("busy"))
        .join(Shard, Shard.dataset_id == Dataset.id)
        .where(datasets, Dataset.purpose == "dataset", through, Shard.run_id.is_(None), clean)
        .group_by(Dataset.id)
        .subquery()
    )
    piece = select(held.c.id, held.c.made, func.unnest(held.c.busy).label("piece")).subquery()
    took = func.extract("epoch", func.sum(func.upper(piece.c.piece) - func.lower(piece.c.piece)))
    found = session.execute(select(piece.c.made, took).group_by(piece.c.id, piece.c.made)).all()
    paces = [(float(made), float(made) / float(seconds)) for made, seconds in found if made and seconds]
    return sum(made * pace for made, pace in paces) / sum(made for made, _ in paces) if paces else None
