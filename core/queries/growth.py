"""Statements about prompts that a teacher writes: which topics a shard has left, and storing what a topic gave.

The topics of a shard end one after the other, in their order. Each counts as many rows as prompts were wanted of it:
`completed` those that came, `failed` those that did not; so the counts say which topic is next. When a shard ends, the
shard of the following topics is queued behind the chains of its prompts: prompts are written as they are needed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.behavior import PromptSpec
from core.configs.dataset import DatasetConfig
from core.configs.source import TopicSource
from core.ledger import Claim, Spent
from core.queries import events, gathered, parents, shards
from core.queries.gathered import Frame
from core.settings import settings
from core.states import ShardState, Stage
from core.tables import Dataset, Shard

SHARDS = 8  # generating shards that the prompts of one growing shard fill at least
SHARE = 4  # of the prompts that are there, the next growing shard adds no more than one in so many


@dataclass(frozen=True)
class Topic:
    """A topic by its place among all of them; `before` rows of its shard belong to earlier ones."""

    place: int
    text: str
    wanted: int
    before: int


@dataclass(frozen=True)
class Grown:
    """What one topic gave, what was left out of it (by kind), and how many of its turns the cache served."""

    topic: Topic
    texts: Sequence[str]
    dropped: Counter[str]
    hits: int
    error: str | None = None


def queue(session: Session, dataset: Dataset, config: DatasetConfig, *, first: int) -> None:
    """Queue the shard of the next topics from `first` on, if any are left and prompts are still wanted."""
    source = _source(config)
    left = wanted(config) - dataset.n_prompts
    there = len(source.topics) - first
    if left <= 0 or there <= 0:
        return
    chunk = max(SHARDS * settings().shard_prompts, dataset.n_prompts // SHARE)
    number = min(-(-min(chunk, left) // source.per_topic), there)
    row = {"project_id": dataset.project_id, "dataset_id": dataset.id, "run_id": None, "role": None}
    told = {"stage": str(Stage.grow), "model": config.teacher.key, "first": first, "last": first + number - 1}
    total = min(number * source.per_topic, left)
    shards.add(session, [row | told | {"total": total, "priority": int(dataset.purpose == "preview")}])


def wanted(config: DatasetConfig) -> int:
    """Prompts that are written at most."""
    source = _source(config)
    every = len(source.topics) * source.per_topic
    return every if config.n_prompts is None else min(config.n_prompts, every)


def topics(config: DatasetConfig, claim: Claim) -> list[Topic]:
    """The topics of a shard; of the last one only so many prompts are wanted as make up its total."""
    source = _source(config)
    return [
        Topic(
            place=claim.first + number,
            text=source.topics[claim.first + number],
            wanted=min(source.per_topic, claim.total - number * source.per_topic),
            before=number * source.per_topic,
        )
        for number in range(claim.last - claim.first + 1)
    ]


def unsettled(session: Session, claim: Claim) -> list[Topic]:
    """The topics of a shard that have not ended; of one that was given up, the topic that was."""
    config = gathered.config(session, claim.dataset_id)
    counts = select(Shard.state, Shard.completed, Shard.failed).where(Shard.id == claim.shard_id)
    state, completed, failed = session.execute(counts).one()
    mine = topics(config, claim)
    if state == ShardState.quarantined:
        return mine[-1:]
    return [topic for topic in mine if topic.before >= completed + failed]


def store(session: Session, claim: Claim, frame: Frame, rows: Sequence[Grown]) -> None:
    """Store what topics gave, in their order; those that were stored before are passed over. Raises LeaseLost."""
    completed, failed = shards.counted(session, claim)
    fresh = [row for row in rows if row.topic.before >= completed + failed]
    if not fresh:
        return
    assert fresh[0].topic.before == completed + failed, "topics are stored in their order"
    dataset = gathered.hold(session, claim.dataset_id)
    found = [PromptSpec(text=text, tags={"topic": row.topic.text}) for row in fresh for text in row.texts]
    gathered.append(session, dataset, frame, found)
    gathered.queue_whole(session, dataset, frame.config)
    missing = sum(row.topic.wanted for row in fresh) - len(found)
    spent = Spent(hits=sum(row.hits for row in fresh))
    shards.guard(session, claim, completed=len(found), failed=missing, spent=spent)
    _tell(session, claim, fresh, len(found))


def follow(session: Session, claim: Claim) -> None:
    """What follows the end of a growing shard: chains of its last prompts, and the next topics.

    No topic follows once a budget is used up, and none that a shard holds already.
    """
    dataset = gathered.hold(session, claim.dataset_id)
    config = DatasetConfig.model_validate(dataset.config)
    gathered.queue_rest(session, dataset, config)
    mine = parents.of_dataset(claim.dataset_id) & (Shard.stage == str(Stage.grow)) & (Shard.last > claim.last)
    later = select(Shard.id).where(mine, Shard.state != str(ShardState.halved)).limit(1)
    if dataset.stopped is None and session.scalar(later) is None:
        queue(session, dataset, config, first=claim.last + 1)


def _source(config: DatasetConfig) -> TopicSource:
    assert isinstance(config.source, TopicSource), "shards of this stage are queued for topics"
    return config.source


def _tell(session: Session, claim: Claim, rows: Sequence[Grown], prompts: int) -> None:
    """One event for what was left out and for topics that came short; none when there is nothing to say."""
    dropped = sum((row.dropped for row in rows), Counter[str]())
    short = [row for row in rows if len(row.texts) < row.topic.wanted]
    if not dropped and not short:
        return
    kinds = {"repeated": "there already", "alike": "almost there already", "held_out": "evaluation prompts"}
    told = "; ".join(f"{number} left out ({kinds[kind]})" for kind, number in sorted(dropped.items()))
    message = f"Wrote {prompts} prompts on {len(rows)} topics" + (f"; {told}" if told else "")
    if short:
        one = short[0]
        why = one.error or "further tries brought nothing new"
        message += f"; {len(short)} came short, such as {one.topic.text[:60]!r}: {len(one.texts)} of {one.topic.wanted}"
        message += f", {why}"
    data: dict[str, Any] = {"prompts": prompts, "dropped": dict(dropped), "short": len(short)}
    level = "warn" if short else "info"
    events.tell(
        session,
        project_id=claim.project_id,
        subject=claim.dataset_id,
        level=level,
        message=message.rstrip(".") + ".",
        data=data,
    )
