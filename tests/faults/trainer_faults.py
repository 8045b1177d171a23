"""What the faults of the trainer have in common: a run, its uninterrupted twin, and the sweep that takes it back."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from sqlalchemy import func, select, update

from core.database import transaction
from core.queries import pair_losses, recovery, run_metrics
from core.queries.pair_losses import Hardest
from core.queries.run_metrics import Series
from core.settings import settings
from core.tables import Run, Shard
from tests.factories import trainer_process, trainings
from tests.factories.trainer_process import Crash

Weights = dict[str, torch.Tensor]
Twin = tuple[Weights, list[dict[str, Any]], list[tuple[str, float, float]]]
_twins: dict[str, Twin] = {}


def sweep() -> None:
    """Let the lease of the dead run out, and take its shard back as the sweep does."""
    with transaction() as session:
        past = func.clock_timestamp() - func.make_interval(0, 0, 0, 1)
        session.execute(update(Shard).where(Shard.state == "running").values(lease_expires_at=past))
        recovery.expire(session)


def weights(run_id: str) -> Weights:
    """The tuned weights of a run, adapter included."""
    folder = settings().data_dir / str(trainings.run_row(run_id).artifact)
    files = sorted(folder.rglob("*.safetensors"))
    return {f"{file.name}/{name}": tensor for file in files for name, tensor in load_file(file).items()}


def metrics(run_id: str) -> list[dict[str, Any]]:
    """Everything a run logged, in order."""
    with transaction() as session:
        rows = run_metrics.page(session, run_id, Series(oldest_first=True), limit=1000)
        return [{"kind": row.kind, "step": row.step, **row.values} for row in rows]


def noted_pairs(run_id: str) -> list[tuple[str, float, float]]:
    """Split, loss and margin of every pair under the tuned model, those of the greatest loss first."""
    with transaction() as session:
        found = pair_losses.page(session, run_id, Hardest(), limit=1000)
        return [(one.found.split, one.found.loss, one.found.margin) for one in found]


def twin(dataset_id: str, student: Path, **asked: Any) -> Twin:
    """Weights, metrics and noted pairs of an uninterrupted run of the same config on the same pairs."""
    key = repr(sorted(asked.items()))
    if key not in _twins:
        run_id = trainings.ask(dataset_id, **asked)
        assert trainer_process.train(trainings.claim(), student) == 0
        _twins[key] = weights(run_id), metrics(run_id), noted_pairs(run_id)
    return _twins[key]


def assert_equal_to_twin(run_id: str, student: Path, **asked: Any) -> None:
    """Bit for bit: the tuned weights, every metric that was logged, every pair that was noted."""
    tuned, logged, noted = twin(trainings.run_row(run_id).dataset_id, student, **asked)
    found = weights(run_id)
    assert found.keys() == tuned.keys()
    assert all(torch.equal(found[name], tuned[name]) for name in tuned)
    assert metrics(run_id) == logged
    assert noted_pairs(run_id) == noted
    assert len(noted) > 0


def crash_then_go_on(run_id: str, student: Path, crash: Crash) -> None:
    """Kill the training at a point, prove that it died, and train on under a new claim."""
    assert trainer_process.train(trainings.claim(), student, crash) == -9
    state = trainings.run_row(run_id)
    assert state.artifact is None
    sweep()
    assert trainer_process.train(trainings.claim(), student) == 0


def steps_done(run_id: str) -> int:
    """The step a run stands at."""
    with transaction() as session:
        return session.scalars(select(Run.step).where(Run.id == run_id)).one()
