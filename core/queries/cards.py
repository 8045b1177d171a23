"""Statements that tell what a dataset's card says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.configs.dataset import DatasetConfig
from core.queries import datasets
from core.queries.rows import AnyRow
from core.tables import Behavior, Chain, Dataset, File, Pair, Score, Scorer


@dataclass(frozen=True)
class CardFacts:
    """Everything a card is written from.

    `splits` counts kept pairs by split; `makers` are (engine, model_fingerprint, chains); `scores` are (scorer, given,
    missing, minimum, maximum, mean, sd) over the chains' answers; `scales` are the declared (minimum, maximum).
    """

    dataset: Dataset
    config: DatasetConfig
    behaviors: Sequence[AnyRow]
    counts: Mapping[str, int]
    splits: Mapping[str, int]
    chains: Mapping[str, int]
    makers: Sequence[AnyRow]
    scores: Sequence[AnyRow]
    scales: Mapping[str, tuple[float | None, float | None]]
    file: File | None


def facts(session: Session, dataset: Dataset) -> CardFacts:
    """What the ledger knows of a dataset that its readers should know."""
    return CardFacts(
        dataset=dataset,
        config=datasets.frozen(session, dataset.id).model_copy(
            update={"filters": datasets.filters(session, dataset.id)}
        ),
        behaviors=_behaviors(session, dataset),
        counts=datasets.pair_counts(session, dataset),
        splits=_splits(session, dataset.id),
        chains=_chains(session, dataset.id),
        makers=_makers(session, dataset.id),
        scores=_scores(session, dataset.id),
        scales=_scales(session, dataset.id),
        file=session.scalar(select(File).where(File.id == dataset.config["pairs"])),
    )


def _behaviors(session: Session, dataset: Dataset) -> Sequence[AnyRow]:
    ids = [behavior["id"] for behavior in dataset.behaviors]
    columns = (Behavior.name, Behavior.version, Behavior.body["principle"].as_string().label("principle"))
    return session.execute(select(*columns).where(Behavior.id.in_(ids)).order_by(Behavior.name)).all()


def _splits(session: Session, id: str) -> dict[str, int]:
    statement = select(Pair.split, func.count()).where(Pair.dataset_id == id, Pair.verdict == "kept")
    return {split: int(number) for split, number in session.execute(statement.group_by(Pair.split))}


def _chains(session: Session, id: str) -> dict[str, int]:
    statement = select(Chain.state, func.count()).where(Chain.dataset_id == id).group_by(Chain.state)
    return {state: int(number) for state, number in session.execute(statement)}


def _makers(session: Session, id: str) -> Sequence[AnyRow]:
    columns = (Chain.engine, Chain.model_fingerprint)
    statement = select(*columns, func.count().label("chains")).where(Chain.dataset_id == id, Chain.state == "done")
    return session.execute(statement.group_by(*columns).order_by(func.count().desc())).all()


def _scores(session: Session, id: str) -> Sequence[AnyRow]:
    statement = (
        select(
            Score.scorer,
            func.count(Score.value).label("given"),
            func.count(Score.missing).label("missing"),
            func.min(Score.value).label("minimum"),
            func.max(Score.value).label("maximum"),
            func.avg(Score.value).label("mean"),
            func.stddev_samp(Score.value).label("sd"),
        )
        .join(Chain, Chain.id == Score.chain_id)
        .where(Chain.dataset_id == id)
        .group_by(Score.scorer)
        .order_by(Score.scorer)
    )
    return session.execute(statement).all()


def _scales(session: Session, id: str) -> dict[str, tuple[float | None, float | None]]:
    statement: Any = select(Scorer.name, Scorer.minimum, Scorer.maximum).where(Scorer.dataset_id == id)
    return {row.name: (row.minimum, row.maximum) for row in session.execute(statement)}
