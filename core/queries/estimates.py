"""Statements about what chains of a teacher have taken so far: the ground of estimates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Float, and_, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.source import TopicSource
from core.queries import known_turns, paces
from core.queries.alike import TURNS, same_scorer, same_shape, same_teacher
from core.queries.known_turns import Known
from core.states import ShardState, Stage
from core.tables import Behavior, Chain, Dataset, Shard

LOOKED_AT = 2_000  # the newest chains of the teacher


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
    """What an estimate rests on: chains, judges by their name, and prompts that were written; None where none were.

    `known` are turns that the cache holds; `scored`: answers a second by each scorer that has scored before.
    """

    past: Past | None
    judges: Mapping[str, PastJudge]
    writing: PastWriting | None
    known: Known
    scored: Mapping[str, float]


def grounds(session: Session, project_id: str, config: DatasetConfig, behaviors: Sequence[Behavior]) -> Grounds:
    """What the project has made in the way that is asked for."""
    return Grounds(
        past(session, project_id, config),
        past_judges(session, project_id, config),
        past_writing(session, project_id, config),
        known_turns.known(session, project_id, config, behaviors),
        paces.of_scorers(session, project_id, config),
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
        & same_teacher(config.teacher)
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
    mine = select(Dataset.id, Dataset.config["best_of"].as_integer().label("best_of")).where(
        Dataset.project_id == project_id, same_scorer(judge)
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
    same = (Dataset.project_id == project_id) & same_teacher(config.teacher) & same_shape(config)
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
    return Past(int(row[0]), prompt, draft, critique, revision, paces.of_teacher(session, datasets))
