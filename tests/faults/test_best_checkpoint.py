"""F4 and F5 where the best validation counts and the training ends early: killed anywhere, it ends the same."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.database import transaction
from core.queries import checkpoints, events, runs
from core.settings import settings
from core.tables import DEFAULT_PROJECT, PairLoss, Run
from tests.factories import trainer_process, trainings
from tests.factories.trainer_process import Crash
from tests.faults.test_trainer_killed import damage
from tests.faults.trainer_faults import assert_equal_to_twin, crash_then_go_on, metrics, noted_pairs, sweep

# 12 training pairs, batches of 6, 6 epochs: 12 steps. Validations after steps 2, 3, 4, 6, 8, ...; the best is that of
# step 4. Checkpoints are those of steps 2, 4, 5 and 8. A chunk for each pair: they are noted in two writes.
WATCHED: dict[str, Any] = {
    "training": {
        "epochs": 6, "eval_steps": 3, "learning_rate": 1e-2, "schedule": "constant", "warmup_ratio": 0.0,
        "micro_batch_size": 1, "checkpoint_steps": 5, "best": "loss", "early_stopping": {"patience": 2},
    }
}  # fmt: skip
BEST, LAST = 4, 8
POINTS = {
    "between the best validation and its checkpoint": Crash("trainer.checkpoint", "save", nth=2),
    "between the best checkpoint and its row": Crash("core.artifacts", "publish", nth=2, after=True),
    "between the last step and its checkpoint": Crash("trainer.checkpoint", "save", nth=4),
    "before the best weights are taken": Crash("trainer.checkpoint", "take_best"),
    "between two writes of the pairs": Crash("trainer.pair_losses", "_store", after=True),
}


def ask() -> str:
    """A run whose validation loss falls and rises again."""
    return trainings.ask(trainings.made_pairs(validation=8), **WATCHED)


def check_end(run_id: str) -> None:
    """It has ended early, with the best weights, and says so."""
    row = trainings.run_row(run_id)
    assert (row.step, row.total_steps) == (LAST, LAST)
    assert (row.facts["best"]["step"], row.facts["artifact_step"]) == (BEST, BEST)
    assert row.facts["stopped"] == "Validation loss got no better in 2 validations; its best was at step 4."
    assert row.facts["pair_losses"] == {"step": BEST, "done": 20, "total": 20}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_training_keeps_its_best_weights_and_ends_as_early(point: str, student: Path) -> None:
    run_id = ask()
    crash_then_go_on(run_id, student, POINTS[point])
    check_end(run_id)
    assert_equal_to_twin(run_id, student, **WATCHED)


def test_the_best_checkpoint_outlives_newer_ones_and_its_weights_are_the_model(student: Path) -> None:
    run_id = ask()
    assert trainer_process.train(trainings.claim(), student) == 0
    check_end(run_id)
    losses = {row["step"]: row["loss"] for row in metrics(run_id) if row["kind"] == "validation"}
    assert list(losses) == [2, 3, 4, 6, 8]
    assert min(losses, key=lambda step: losses[step]) == BEST
    validated = [loss for split, loss, _ in noted_pairs(run_id) if split == "validation"]
    assert sum(validated) / len(validated) == pytest.approx(losses[BEST], rel=1e-5)
    with transaction() as session:
        kept = checkpoints.on_disk(session, run_id)
        assert [one.step for one in kept] == [LAST, 5, BEST]
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)]
    assert all((settings().data_dir / one.path).is_dir() for one in kept)
    assert "It is that of step 4, whose validation loss was the best." in told
    assert any(message.startswith("Stopped early after step 8") for message in told)


def test_a_training_whose_best_checkpoint_is_damaged_goes_back_before_it(student: Path) -> None:
    run_id = ask()
    assert trainer_process.train(trainings.claim(), student, Crash("trainer.step", "Stepper._update", nth=6)) == -9
    damage(run_id, BEST, "flipped")
    sweep()
    assert trainer_process.train(trainings.claim(), student) == 0
    check_end(run_id)
    assert_equal_to_twin(run_id, student, **WATCHED)
    with transaction() as session:
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)]
    damaged = [message.split(" is damaged")[0] for message in told if " is damaged" in message]
    assert damaged == ["The checkpoint of step 4", "The checkpoint of step 5"]  # it, and the one that goes with it
    assert sum(message.startswith("Training begins") for message in told) == 2  # that of step 2 was removed by then


def test_a_cancelled_run_leaves_no_numbers_of_a_part_of_its_pairs(student: Path) -> None:
    run_id = ask()
    assert trainer_process.train(trainings.claim(), student, POINTS["between two writes of the pairs"]) == -9
    assert len(noted_pairs(run_id)) == 16
    with transaction() as session:
        runs.cancel(session, DEFAULT_PROJECT, run_id)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(PairLoss)) == 0
        runs.resume(session, DEFAULT_PROJECT, run_id)
    assert trainer_process.train(trainings.claim(), student) == 0
    check_end(run_id)
    assert_equal_to_twin(run_id, student, **WATCHED)


@pytest.mark.parametrize("asked", [{"best": "accuracy"}, {"early_stopping": {}}])
def test_nothing_can_be_watched_without_a_validation_pair(asked: dict[str, Any], student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(validation=0), training=asked)
    assert trainer_process.train(trainings.claim(), student) == 6
    with transaction() as session:
        row = session.get_one(Run, run_id)
        assert row.state == "failed"
        assert f"training.{next(iter(asked))} looks at validations" in str(row.error)
