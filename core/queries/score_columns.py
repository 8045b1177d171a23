"""Scores of pairs as training methods read them: a column for each scorer, rewards and costs apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.methods.method import Members
from core.queries import scorers
from core.tables import Chain, Pair, Prompt, Score, Scorer

STREAM_ROWS = 500
NONE: Mapping[str, float | None] = {}


@dataclass(frozen=True)
class Both:
    """What one scorer gave to the two sides of a pair; None where it gave nothing or a person wrote the text."""

    chosen: float | None
    rejected: float | None

    @property
    def whole(self) -> bool:
        """Whether both are there."""
        return self.chosen is not None and self.rejected is not None


@dataclass(frozen=True)
class ScorerScores:
    """What one scorer gave to a pair."""

    scorer: str
    purpose: Literal["reward", "cost"]
    both: Both


@dataclass(frozen=True)
class Columns:
    """Names of a dataset's scorers in their order: the more of a reward the better, the more of a cost the worse."""

    rewards: tuple[str, ...]
    costs: tuple[str, ...]

    def members(self, asked: Members) -> tuple[str, ...]:
        """The rewards that an ensemble asks for."""
        return self.rewards if asked == "all" else asked


@dataclass(frozen=True)
class PairScores:
    """The scores of one pair, in the order of `Columns`; raw, each on its scorer's own scale."""

    pair_id: str
    rewards: tuple[Both, ...]
    costs: tuple[Both, ...]


def columns(session: Session, dataset_id: str) -> Columns:
    """The columns that a dataset has."""
    found = scorers.of_dataset(session, dataset_id)
    rewards, costs = (
        tuple(scorer.name for scorer in found if scorer.purpose == purpose) for purpose in ("reward", "cost")
    )
    return Columns(rewards, costs)


def for_training(session: Session, dataset_id: str, split: str) -> Iterator[PairScores]:
    """The scores of a split's kept pairs, in the order of `trained_pairs.for_training`, through a server-side cursor.

    A pair that a person swapped has its scores swapped too; a side that was edited has none.
    """
    found = columns(session, dataset_id)
    statement = (
        select(Pair.id, Pair.chosen_answer, Pair.rejected_answer, told().label("told"))
        .join(Prompt, Prompt.id == Pair.prompt_id)
        .join(Chain, Chain.id == Pair.chain_id)
        .where(Pair.dataset_id == dataset_id, Pair.split == split, Pair.verdict == "kept")
        .order_by(Prompt.index, Chain.sample)
        .execution_options(yield_per=STREAM_ROWS)
    )
    for row in session.execute(statement):
        given = {one["scorer"]: one["values"] for one in row.told or ()}
        rewards, costs = (
            tuple(_both(given.get(name, NONE), row) for name in names) for names in (found.rewards, found.costs)
        )
        yield PairScores(row.id, rewards, costs)


def of_members(session: Session, dataset_id: str, split: str, asked: Members) -> Iterator[PairScores]:
    """The same of an ensemble alone, in the order it is asked for; the costs are left out."""
    found = columns(session, dataset_id)
    places = [found.rewards.index(name) for name in found.members(asked)]
    for row in for_training(session, dataset_id, split):
        yield PairScores(row.pair_id, tuple(row.rewards[place] for place in places), ())


def scored(session: Session, dataset_id: str, names: Sequence[str]) -> int:
    """How many kept pairs of the training split have both values of each of these scorers."""
    sides = or_(Score.answer == Pair.chosen_answer, Score.answer == Pair.rejected_answer)
    given = select(func.count()).where(
        Score.chain_id == Pair.chain_id, Score.scorer.in_(names), Score.value.is_not(None), sides
    )
    statement = select(func.count()).where(
        Pair.dataset_id == dataset_id, Pair.split == "train", Pair.verdict == "kept",
        given.correlate(Pair).scalar_subquery() == 2 * len(names),
    )  # fmt: skip
    return int(session.scalar(statement) or 0)


def of_pair(pair: Pair) -> list[ScorerScores]:
    """Of a pair that was read with its scores (`Pair.told`), by the order of its dataset's scorers."""
    ordered = sorted(pair.told or (), key=lambda one: (one["position"], one["scorer"]))
    return [ScorerScores(one["scorer"], one["purpose"], _both(one["values"], pair)) for one in ordered]


def told() -> Any:
    """A column beside a pair: [{scorer, purpose, position, values}] of its chain, where values are by answer."""
    by_scorer = (
        select(
            Score.scorer, func.coalesce(Scorer.purpose, "reward").label("purpose"),
            func.coalesce(Scorer.position, 0).label("position"),
            func.jsonb_object_agg(Score.answer, Score.value).label("values"),
        )
        .outerjoin(Scorer, (Scorer.dataset_id == Pair.dataset_id) & (Scorer.name == Score.scorer))
        .where(Score.chain_id == Pair.chain_id)
        .group_by(Score.scorer, Scorer.purpose, Scorer.position)
        .correlate(Pair)
        .subquery()
    )  # fmt: skip
    return select(func.jsonb_agg(func.to_jsonb(by_scorer.table_valued()))).scalar_subquery()


def _both(values: Mapping[str, float | None], pair: Any) -> Both:
    """By the names of the answers that stand on the pair; one that was edited has none."""
    sides = (pair.chosen_answer, pair.rejected_answer)
    return Both(*(values.get(side) if side is not None else None for side in sides))
