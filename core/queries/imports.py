"""Statements about datasets whose pairs come from a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.ids import new_id
from core.layout import lay_out_held_out
from core.ledger import Claim
from core.queries import events, pipeline, prompts, scorers, shards, verdicts
from core.queries.copying import copy_in, draw_ids
from core.queries.moves import move
from core.states import DatasetState, Stage
from core.tables import Behavior, Chain, Dataset, File, Prompt, Score, Shard

Row = dict[str, Any]
MODEL = "pairs"  # what a shard names that reads pairs from a file, in place of a model


@dataclass(frozen=True)
class Line:
    """The rows of one pair: its prompt, its chain without the prompt's id, its scores without the chain's."""

    prompt: Row
    chain: Row
    scores: Sequence[Row]


@dataclass(frozen=True)
class Source:
    """What a shard reads: the file, the behavior its prompts belong to, and how many pairs are in the ledger."""

    file: File
    behavior_id: str | None
    done: int


def create(
    session: Session, *, project_id: str, config: DatasetConfig, behaviors: Sequence[Behavior], pairs: int
) -> Dataset:
    """Store a dataset that a file of so many pairs is read into, and queue the reading."""
    specs = {row.name: BehaviorSpec.model_validate(row.body) for row in behaviors}
    held_out = lay_out_held_out(config, specs, {row.name: row.id for row in behaviors})
    dataset = Dataset(
        id=new_id("ds"),
        project_id=project_id,
        config=config.model_dump(mode="json"),
        behaviors=[{"id": row.id, "name": row.name, "version": row.version} for row in behaviors],
        state=str(DatasetState.validating),
        n_prompts=pairs,
        counts=verdicts.NO_PAIRS,
    )
    session.add(dataset)
    session.flush()
    prompts.store(session, [row | {"dataset_id": dataset.id} for row in held_out])
    scorers.declare(session, dataset.id, config, list(specs.values()))
    first = len(held_out)
    row = {"project_id": project_id, "dataset_id": dataset.id, "run_id": None, "role": None, "model": MODEL}
    span = {"stage": str(Stage.gather), "first": first, "last": first + pairs - 1, "total": pairs}
    shards.add(session, [row | span])
    move(session, Dataset, dataset.id, DatasetState.in_progress)
    events.tell(session, project_id=project_id, subject=dataset.id, message=f"Queued the import of {pairs} pairs.")
    session.refresh(dataset)
    return dataset


def source(session: Session, claim: Claim) -> Source:
    """What the claim's shard reads. Raises LeaseLost."""
    shards.guard(session, claim)
    config, behaviors, done = session.execute(
        select(Dataset.config, Dataset.behaviors, Shard.completed)
        .join(Shard, Shard.dataset_id == Dataset.id)
        .where(Shard.id == claim.shard_id)
    ).one()
    file = session.scalars(select(File).where(File.id == config["pairs"])).one()
    return Source(file, behaviors[0]["id"] if behaviors else None, done)


def store(session: Session, claim: Claim, lines: Sequence[Line]) -> None:
    """Insert the pairs of consecutive lines and queue what follows; lines that are there already are left.

    Raises LeaseLost.
    """
    first, last = lines[0].prompt["index"], lines[-1].prompt["index"]
    shards.guard(session, claim)
    there = select(Prompt.id).where(Prompt.dataset_id == claim.dataset_id, Prompt.index == first)
    if session.scalar(there) is not None:
        return
    owner = {"dataset_id": claim.dataset_id}
    written = {"token": claim.token, "attempt": claim.attempts}
    prompt_ids, chain_ids = (draw_ids(session, table, len(lines)) for table in (Prompt, Chain))
    whole = list(zip(lines, prompt_ids, chain_ids, strict=True))
    copy_in(session, Prompt, [line.prompt | owner | {"id": prompt_id} for line, prompt_id, _ in whole])
    chains = [line.chain | owner | written | {"id": id, "prompt_id": prompt_id} for line, prompt_id, id in whole]
    copy_in(session, Chain, chains)
    copy_in(session, Score, [row | {"chain_id": id} for line, _, id in whole for row in line.scores])
    shards.guard(session, claim, completed=len(lines))
    pipeline.imported(session, claim, first=first, last=last)
