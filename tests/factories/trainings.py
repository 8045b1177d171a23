"""Runs that can be trained: a made dataset, a tiny student, a claim on the training shard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from core.configs.run import RunConfig
from core.database import transaction
from core.ledger import Claim
from core.queries import runs, shards
from core.states import Queue
from core.tables import DEFAULT_PROJECT, Dataset, Pair, Run
from tests.factories import ledger
from tests.factories.models import causal_model

QUICK: Mapping[str, Any] = {
    "epochs": 2, "batch_size": 6, "micro_batch_size": 4, "learning_rate": 1e-3, "max_length": 256,
    "checkpoint_steps": 2, "keep_checkpoints": 2,
}  # fmt: skip


def student(root: Path) -> Path:
    """A random tiny student under a model root."""
    return causal_model(root / ledger.STUDENT, layers=1)


def made_pairs(*, n_prompts: int = 20, made: ledger.Made | None = None, validation: int = 2) -> str:
    """A completed dataset whose pairs differ in length and scores, the last ones for validation; returns its id."""
    with transaction() as session:
        made_dataset = ledger.made_dataset(session, n_prompts=n_prompts, made=made)
        rows = session.scalars(select(Pair).where(Pair.dataset_id == made_dataset.id).order_by(Pair.chain_id)).all()
        for place, row in enumerate(rows):
            row.chosen += " Thank you." * (place % 4) if row.reason is None else ""
            if row.score_chosen is not None:
                row.score_chosen += (place * 7 % 5) / 2 - 1
            row.split = "validation" if place >= len(rows) - validation else "train"
        return made_dataset.id


def ask(dataset_id: str, **changed: Any) -> str:
    """Ask for a run as the door does; returns its id. `method` and `training` fields may be changed."""
    training = {**QUICK, **changed.pop("training", {})}
    config = {"dataset": dataset_id, "student": ledger.STUDENT, "evaluation": {"enabled": False}, **changed}
    with transaction() as session:
        row = runs.create(
            session,
            project_id=DEFAULT_PROJECT,
            config=RunConfig.model_validate({**config, "training": training}),
            dataset=session.get_one(Dataset, dataset_id),
        )
        return row.id


def claim() -> Claim:
    """Take the training that waits, as a worker does."""
    with transaction() as session:
        found = shards.claim(session, queue=Queue.train, owner="a test")
    assert found is not None
    return found


def run_row(run_id: str) -> Run:
    """The run as the ledger has it now."""
    with transaction() as session:
        return session.scalars(select(Run).where(Run.id == run_id)).one()


def ask_for_pause(run_id: str) -> None:
    """What POST /runs/{id}/pause does to a run that is trained."""
    with transaction() as session:
        session.execute(update(Run).where(Run.id == run_id).values(pause_asked=True))
