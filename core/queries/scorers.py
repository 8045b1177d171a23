"""Statements about a dataset's scorers: declared when it is made, measured when it ends."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.rules import ZERO_TO_ONE
from core.errors import UnknownName
from core.tables import Chain, Score, Scorer

Scale = tuple[float | None, float | None]
UNIT: Scale = (0.0, 1.0)
OPEN: Scale = (None, None)


def declare(session: Session, dataset_id: str, config: DatasetConfig, behaviors: Sequence[BehaviorSpec]) -> None:
    """Store who will score a new dataset, in their order, with the scale of their scores."""
    rows = []
    for position, reward in enumerate(config.reward):
        minimum, maximum = scale(reward, behaviors)
        rows.append(
            {
                "dataset_id": dataset_id, "name": reward.scorer, "position": position, "kind": reward.kind,
                "purpose": reward.purpose, "minimum": minimum, "maximum": maximum,
            }
        )  # fmt: skip
    session.execute(insert(Scorer).on_conflict_do_nothing(), rows)


def scale(reward: RewardConfig, behaviors: Sequence[BehaviorSpec]) -> Scale:
    """Least and greatest score there can be: of a judge by the rubrics of all behaviors; none where there is no end."""
    if reward.kind == "rule":
        return UNIT if reward.rule in ZERO_TO_ONE else OPEN
    rubrics = [spec.rubric for spec in behaviors if spec.rubric is not None]
    if reward.kind != "judge" or not rubrics:
        return OPEN
    if reward.pairwise:
        return UNIT
    return min(rubric.minimum for rubric in rubrics), max(rubric.maximum for rubric in rubrics)


def of_dataset(session: Session, dataset_id: str) -> list[Scorer]:
    """A dataset's scorers in their order; the first one's scores stand on the pairs."""
    return list(session.scalars(select(Scorer).where(Scorer.dataset_id == dataset_id).order_by(Scorer.position)))


def named(session: Session, dataset_id: str, name: str | None, *, param: str) -> str | None:
    """A scorer of the dataset by its name; the first one where none is named. Raises UnknownName."""
    known = [scorer.name for scorer in of_dataset(session, dataset_id)]
    if name is not None and name not in known:
        raise UnknownName("scorer", name, known, param=param)
    return name or next(iter(known), None)


def measure(session: Session, dataset_id: str) -> None:
    """Bring mean, sd, count, missing and fingerprint of a dataset's scorers up to date with the scores of its chains.

    A judge has a fingerprint for each behavior's rubric; several are told as the SHA-256 of them all.
    """
    of_chains = (Chain.dataset_id == dataset_id) & (Chain.state == "done")
    scored = select(Score).join(Chain, Chain.id == Score.chain_id).where(of_chains).subquery()
    prints = defaultdict(list)
    for name, fingerprint in session.execute(select(scored.c.scorer, scored.c.fingerprint).distinct()):
        prints[name].append(fingerprint)
    numbers = (func.avg(scored.c.value), func.stddev_samp(scored.c.value), func.count(scored.c.value), func.count())
    for name, mean, sd, count, total in session.execute(select(scored.c.scorer, *numbers).group_by(scored.c.scorer)):
        session.execute(
            update(Scorer)
            .where(Scorer.dataset_id == dataset_id, Scorer.name == name)
            .values(mean=mean, sd=sd, count=count, missing=total - count, fingerprint=_one(prints[name]))
            .execution_options(synchronize_session=False)
        )


def _one(fingerprints: Sequence[str]) -> str:
    if len(fingerprints) == 1:
        return fingerprints[0]
    return hashlib.sha256("\n".join(sorted(fingerprints)).encode()).hexdigest()
