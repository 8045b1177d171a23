"""Statements about what chains of a teacher have taken so far: the ground of estimates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Float, and_, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.source import TopicSource
from core.configs.teacher import TeacherConfig
from core.states import ShardState, Stage
from core.tables import Chain, Dataset, Shard

LOOKED_AT = 2_000  # the newest chains of the teacher
TURNS: tuple[Literal["draft", "critique", "revision"], ...] = ("draft", "critique", "revision")
ADDRESS = ("engine", "model", "base_url")


@dataclass(frozen=True)
class Past:
    """Means and standard deviations over `chains` chains: prompt tokens of all turns, and sampled ones of each turn."""

    chains: int
    prompt_tokens: tuple[float, float]
    draft_tokens: tuple[float, float]
    critique_tokens: tuple[float, float]
    revision_tokens: tuple[float, float]
    chains_per_second: float | None


@dataclass(frozen=True)
class PastJudge:
    """Means of what a judge read and said in answer to one question."""

    prompt_tokens: float
    tokens: float


@dataclass(frozen=True)
class PastWriting:
    """What shards took for each prompt that was to be written: mean, least and most."""

    prompt_tokens: tuple[float, float, float]
    tokens: tuple[float, float, float]


@dataclass(frozen=True)
class Grounds:
    """What an estimate rests on: chains, judges by their name, and prompts that were written; None where none were."""

    past: Past | None
    judges: Mapping[str, PastJudge]
    writing: PastWriting | None


def grounds(session: Session, project_id: str, config: DatasetConfig) -> Grounds:
    """What the project has made in the way that is asked for."""
    return Grounds(
        past(session, project_id, config),
        past_judges(session, project_id, config),
        past_writing(session, project_id, config),
    )


def past_writing(session: Session, project_id: str, config: DatasetConfig) -> PastWriting | None:
    """What the same teacher took to write prompts by the same instruction, as many on each topic."""
    source = config.source
    if not isinstance(source, TopicSource):
        return None
    told = Dataset.config["source"]
    same = (
        (Dataset.project_id == project_id)
        & (told["kind"].as_string() == source.kind)
        & (told["per_topic"].as_integer() == source.per_topic)
        & told["instruction"].as_string().is_not_distinct_from(source.instruction)
        & _same_teacher(config.teacher)
    )
    datasets = select(Dataset.id).where(same).order_by(Dataset.id.desc()).limit(20)
    wanted = Shard.completed + Shard.failed
    asked = and_(Shard.stage == str(Stage.grow), Shard.state == str(ShardState.done), Shard.hits == 0, wanted > 0)
    columns = [
        one
        for counted in (Shard.prompt_tokens, Shard.tokens)
        for rate in (cast(counted, Float) / wanted,)
        for one in (cast(func.sum(counted), Float) / func.sum(wanted), func.min(rate), func.max(rate))
    ]
    row = session.execute(select(func.count(), *columns).where(Shard.dataset_id.in_(datasets), asked)).one()
    if not row[0]:
        return None
    numbers = [float(number) for number in row[1:]]
    return PastWriting((numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5]))


def past_judges(session: Session, project_id: str, config: DatasetConfig) -> dict[str, PastJudge]:
    """What the judges of a request took in the project's newest datasets that asked for exactly them, by their name."""
    judges = [reward for reward in config.reward if reward.kind == "judge"]
    found = {judge.scorer: _past_judge(session, project_id, judge) for judge in judges}
    return {name: past for name, past in found.items() if past is not None}


def _past_judge(session: Session, project_id: str, judge: RewardConfig) -> PastJudge | None:
    same = Dataset.config["reward"].contains(cast([judge.model_dump(mode="json")], JSONB))
    mine = select(Dataset.id, Dataset.config["best_of"].as_integer().label("best_of")).where(
        Dataset.project_id == project_id, same
    )
    datasets = mine.order_by(Dataset.id.desc()).limit(20).subquery()
    calls = 2 * datasets.c.best_of if judge.pairwise else 1 + datasets.c.best_of
    statement = (
        select(
            func.sum(Shard.prompt_tokens), func.sum(Shard.tokens),
            func.sum(calls * Shard.completed).filter(Shard.role.is_(None)),
        )
        .join(datasets, datasets.c.id == Shard.dataset_id)
        .where(Shard.run_id.is_(None), Shard.stage == str(Stage.score), Shard.model == judge.scorer, Shard.hits == 0)
    )  # fmt: skip
    prompt, said, asked = session.execute(statement).one()
    return PastJudge(float(prompt) / float(asked), float(said) / float(asked)) if asked else None


def past(session: Session, project_id: str, config: DatasetConfig) -> Past | None:
    """What the project's newest chains of this teacher, shape and behaviors took; None when there are none.

    Chains of the same behaviors come first; without any, those of other behaviors count.
    """
    for behaviors in (list(config.behavior), None):
        found = _past(session, project_id, config, behaviors)
        if found is not None:
            return found
    return None


def _past(session: Session, project_id: str, config: DatasetConfig, behaviors: list[str] | None) -> Past | None:
    same = (Dataset.project_id == project_id) & _same_teacher(config.teacher) & _same_shape(config)
    if behaviors is not None:
        same &= Dataset.config["behavior"] == cast(behaviors, JSONB)
    datasets = list(session.scalars(select(Dataset.id).where(same).order_by(Dataset.id.desc()).limit(20)))
    sampled = Chain.draft_tokens + Chain.critique_tokens + Chain.revision_tokens
    newest = (
        select(Chain)
        .where(Chain.dataset_id.in_(datasets), Chain.state == "done", sampled > 0)
        .order_by(Chain.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    columns = [newest.c.prompt_tokens, *(newest.c[f"{turn}_tokens"] for turn in TURNS)]
    numbers = [function(cast(column, Float)) for column in columns for function in (func.avg, func.stddev_samp)]
    row = session.execute(select(func.count(), *numbers).select_from(newest)).one()
    if not row[0]:
        return None
    prompt, draft, critique, revision = ((float(row[i]), float(row[i + 1] or 0.0)) for i in range(1, len(row), 2))
    return Past(int(row[0]), prompt, draft, critique, revision, _pace(session, datasets))


def _same_teacher(teacher: TeacherConfig) -> Any:
    """The condition that a dataset asked the teacher for turns that may be as long."""
    told = Dataset.config["teacher"]
    same = and_(*(told[name].as_string().is_not_distinct_from(getattr(teacher, name)) for name in ADDRESS))
    for turn in TURNS:
        own, common = told["turns"][turn]["max_tokens"].as_integer(), told["sampling"]["max_tokens"].as_integer()
        same &= func.coalesce(own, common) == teacher.sampling_of(turn).max_tokens
    return same


def _same_shape(config: DatasetConfig) -> Any:
    """The condition that a dataset's chains have the same turns: what they read depends on how many there are."""
    return (
        (Dataset.config["strategy"].as_string() == config.strategy)
        & (Dataset.config["rounds"].as_integer() == config.rounds)
        & (Dataset.config["best_of"].as_integer() == config.best_of)
        & (Dataset.config["wrappers"].as_boolean() == config.wrappers)
    )


def _pace(session: Session, datasets: list[str]) -> float | None:
    """Chains a second of those of these datasets that went through without a stop; a larger one weighs more.

    Shards that the cache served in part say nothing about the teacher. Shards are worked on side by side: their time is
    that in which any of them was held.
    """
    through = and_(*(moment.is_(None) for moment in (Dataset.paused_at, Dataset.cancelled_at, Dataset.failed_at)))
    clean = and_(Shard.stage == str(Stage.generate), Shard.state == str(ShardState.done), Shard.hits == 0)
    span = func.tstzrange(Shard.started_at, func.greatest(Shard.started_at, Shard.ended_at))
    held = (
        select(Dataset.id, func.sum(Shard.completed + Shard.failed).label("made"), func.range_agg(span).label("busy"))
        .join(Shard, Shard.dataset_id == Dataset.id)
        .where(Dataset.id.in_(datasets), Dataset.purpose == "dataset", through, Shard.run_id.is_(None), clean)
        .group_by(Dataset.id)
        .subquery()
    )
    piece = select(held.c.id, held.c.made, func.unnest(held.c.busy).label("piece")).subquery()
    took = func.extract("epoch", func.sum(func.upper(piece.c.piece) - func.lower(piece.c.piece)))
    rows = session.execute(select(piece.c.made, took).group_by(piece.c.id, piece.c.made)).all()
    paces = [(float(made), float(made) / float(seconds)) for made, seconds in rows if made and seconds]
    return sum(made * pace for made, pace in paces) / sum(made for made, _ in paces) if paces else None
