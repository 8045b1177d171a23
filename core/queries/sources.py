"""Statements about sources that are read: queueing them, and storing what was read.

The shard that reads a source counts its rows: `completed` became prompts, `failed` were left out. Both together are the
place in the source where the next claim goes on, so prompts and place are written in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.behavior import PromptSpec
from core.configs.dataset import DatasetConfig
from core.configs.source import TopicSource
from core.errors import BadInput
from core.ledger import Claim
from core.queries import events, gathered, growth, shards
from core.queries.gathered import Frame
from core.states import Stage
from core.tables import Dataset, Event


@dataclass(frozen=True)
class Batch:
    """Rows of the source from `before` on: the prompts they gave, and how many gave none; `total` is known by now."""

    before: int
    prompts: Sequence[PromptSpec]
    skipped: int
    total: int


def queue(session: Session, dataset: Dataset, config: DatasetConfig) -> None:
    """Queue the shard that reads the dataset's source, or the first one that has its teacher write prompts."""
    assert config.source is not None, "only datasets with a source are queued here"
    if isinstance(config.source, TopicSource):
        growth.queue(session, dataset, config, first=0)
        return
    row = {"project_id": dataset.project_id, "dataset_id": dataset.id, "run_id": None, "role": None}
    total = config.n_prompts or 0  # until the source was looked at
    told = {"stage": str(Stage.gather), "model": config.source.kind, "first": 0, "last": 0, "total": total}
    shards.add(session, [row | told | {"priority": int(dataset.purpose == "preview")}])


def noted(session: Session, dataset_id: str) -> dict[str, Any] | None:
    """How the source was described when it was first read."""
    statement = select(Event.data["source"]).where(Event.subject == dataset_id, Event.data.has_key("source"))
    found: dict[str, Any] | None = session.scalars(statement.order_by(Event.id).limit(1)).one_or_none()
    return found


def begin(session: Session, claim: Claim, described: dict[str, Any]) -> None:
    """Note what the source is when it is first read; later claims must find the same.

    Raises LeaseLost, and BadInput for a source that changed: prompts of two of them would be mixed.
    """
    shards.guard(session, claim)
    before = noted(session, claim.dataset_id)
    if before is None:
        message = f"Reading prompts from {described['name']}."
        _tell(session, claim, message, {"source": described})
    elif before != described:
        raise BadInput(
            f"{described['name']} is not what it was when its first prompts were read; ask for a new dataset.",
            param="source",
        )


def place(session: Session, claim: Claim) -> tuple[int, int]:
    """(prompts, rows left out) so far: where an earlier claim stopped. Raises LeaseLost."""
    return shards.counted(session, claim)


def store(session: Session, claim: Claim, frame: Frame, batch: Batch) -> None:
    """Store prompts behind those that are there, with their generating shards; done before, it does nothing.

    Raises LeaseLost, and BadInput (param `wrappers`).
    """
    completed, failed = shards.counted(session, claim)
    if completed + failed != batch.before:
        return  # COMMIT answered nothing, and had worked
    dataset = gathered.hold(session, claim.dataset_id)
    gathered.append(session, dataset, frame, batch.prompts)
    gathered.queue_whole(session, dataset, frame.config)
    completed, failed = completed + len(batch.prompts), failed + batch.skipped
    shards.count(session, claim, completed=completed, failed=failed, total=batch.total)


def end(session: Session, claim: Claim, frame: Frame) -> None:
    """The source has no more rows to give: the shard's total is what it counted. Raises LeaseLost."""
    completed, failed = shards.counted(session, claim)
    shards.count(session, claim, completed=completed, failed=failed, total=completed + failed)
    gathered.queue_rest(session, gathered.hold(session, claim.dataset_id), frame.config)
    left_out = f", {failed} left out: empty, or an evaluation prompt" if failed else ""
    message = f"Read {completed + failed} rows: {completed} prompts{left_out}."
    _tell(session, claim, message, {"prompts": completed, "left_out": failed})


def _tell(session: Session, claim: Claim, message: str, data: dict[str, Any]) -> None:
    events.tell(session, project_id=claim.project_id, subject=claim.dataset_id, message=message, data=data)
