"""Statements about datasets whose prompts come from a source: queueing them, and storing what was read.

The shard that reads a source counts its rows: `completed` became prompts, `failed` were left out. Both together are the
place in the source where the next claim goes on, so prompts and place are written in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec, PromptSpec
from core.configs.dataset import DatasetConfig
from core.errors import BadInput
from core.layout import lay_out_gathered
from core.ledger import Claim
from core.queries import events, prompts, shards
from core.settings import settings
from core.states import Stage
from core.tables import Behavior, Dataset, Event


@dataclass(frozen=True)
class Frame:
    """What gathered prompts are laid out with; `held_out` evaluation prompts stand before them."""

    config: DatasetConfig
    behavior: BehaviorSpec
    behavior_id: str
    held_out: int


@dataclass(frozen=True)
class Batch:
    """Rows of the source from `before` on: the prompts they gave, and how many gave none; `total` is known by now."""

    before: int
    prompts: Sequence[PromptSpec]
    skipped: int
    total: int


def frame(session: Session, dataset_id: str) -> Frame:
    """The frame of a dataset; a source goes with one behavior."""
    row = session.scalars(select(Dataset).where(Dataset.id == dataset_id)).one()
    behavior = session.scalars(select(Behavior).where(Behavior.id == row.behaviors[0]["id"])).one()
    config, spec = DatasetConfig.model_validate(row.config), BehaviorSpec.model_validate(behavior.body)
    return Frame(config, spec, behavior.id, int(prompts.held_out(session, dataset_id)[2]))


def queue(session: Session, dataset: Dataset, config: DatasetConfig) -> None:
    """Queue the shard that reads the dataset's source."""
    assert config.source is not None, "only datasets with a source are queued here"
    row = {"project_id": dataset.project_id, "dataset_id": dataset.id, "run_id": None, "role": None, "first": 0}
    total = config.n_prompts or 0  # until the source was looked at
    told = {"stage": str(Stage.gather), "model": config.source.kind, "last": 0, "total": total}
    shards.add(session, [row | told | {"priority": int(dataset.purpose == "preview")}])


def queue_chains(session: Session, dataset: Dataset, config: DatasetConfig, *, first: int, last: int) -> None:
    """Queue the generating shards of the prompts with these indexes."""
    size = settings().shard_prompts
    spans = [(start, min(start + size - 1, last)) for start in range(first, last + 1, size)]
    common = {
        "project_id": dataset.project_id, "dataset_id": dataset.id, "run_id": None, "role": None,
        "stage": str(Stage.generate), "model": config.teacher.key,
        "priority": int(dataset.purpose == "preview"),
    }  # fmt: skip
    shards.add(
        session,
        [
            common | {"first": start, "last": end, "total": (end - start + 1) * config.samples_per_prompt}
            for start, end in spans
        ],
    )


def begin(session: Session, claim: Claim, described: dict[str, Any]) -> None:
    """Note what the source is when it is first read; later claims must find the same.

    Raises LeaseLost, and BadInput for a source that changed: prompts of two of them would be mixed.
    """
    shards.guard(session, claim)
    noted = select(Event.data["source"]).where(Event.subject == claim.dataset_id, Event.data.has_key("source"))
    before = session.scalars(noted.order_by(Event.id).limit(1)).one_or_none()
    if before is None:
        events.tell(
            session,
            project_id=claim.project_id,
            subject=claim.dataset_id,
            message=f"Reading prompts from {described['name']}.",
            data={"source": described},
        )
    elif before != described:
        raise BadInput(
            f"{described['name']} is not what it was when its first prompts were read; ask for a new dataset.",
            param="source",
        )


def store(session: Session, claim: Claim, frame: Frame, batch: Batch) -> None:
    """Store prompts behind those that are there, with their generating shards; done before, it does nothing.

    Raises LeaseLost, and BadInput (param `wrappers`).
    """
    completed, failed = shards.counted(session, claim)
    if completed + failed != batch.before:
        return  # COMMIT answered nothing, and had worked
    locked = select(Dataset).where(Dataset.id == claim.dataset_id).with_for_update(key_share=True)
    dataset = session.scalars(locked, execution_options={"populate_existing": True}).one()
    first = frame.held_out + dataset.n_prompts
    rows = lay_out_gathered(frame.config, frame.behavior, frame.behavior_id, batch.prompts, first=first)
    prompts.store(session, [row | {"dataset_id": dataset.id} for row in rows])
    if rows:
        queue_chains(session, dataset, frame.config, first=first, last=first + len(rows) - 1)
    change = update(Dataset).where(Dataset.id == dataset.id).values(n_prompts=Dataset.n_prompts + len(rows))
    session.execute(change.execution_options(synchronize_session=False))
    failed += batch.skipped
    shards.count(session, claim, completed=completed + len(rows), failed=failed, total=batch.total)


def end(session: Session, claim: Claim) -> None:
    """The source has no more rows to give: the shard's total is what it counted. Raises LeaseLost."""
    completed, failed = shards.counted(session, claim)
    shards.count(session, claim, completed=completed, failed=failed, total=completed + failed)
    left_out = f", {failed} left out: empty, or an evaluation prompt" if failed else ""
    events.tell(
        session,
        project_id=claim.project_id,
        subject=claim.dataset_id,
        message=f"Read {completed + failed} rows: {completed} prompts{left_out}.",
        data={"prompts": completed, "left_out": failed},
    )


def place(session: Session, claim: Claim) -> tuple[int, int]:
    """(prompts, rows left out) so far: where an earlier claim stopped. Raises LeaseLost."""
    return shards.counted(session, claim)
