"""F11 and F20: a training that is paused, cancelled, or out of disk space, and what it takes to go on."""

import errno
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from core import artifacts
from core.database import transaction
from core.queries import checkpoints, events, runs
from core.settings import settings
from core.tables import DEFAULT_PROJECT, Run, Shard
from tests.conftest import forget_settings
from tests.factories import ledger, trainer_process, trainings
from tests.factories.trainer_process import Crash
from tests.faults.trainer_faults import assert_equal_to_twin, metrics, steps_done
from trainer.__main__ import DISK_FULL, DONE, HOPELESS, LOST, PAUSED
from workers import training

LONG = {"training": {"epochs": 200, "checkpoint_steps": 1000}}
DEADLINE = 60.0


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def resume(run_id: str) -> None:
    with transaction() as session:
        runs.resume(session, DEFAULT_PROJECT, run_id)


def shard_state(run_id: str) -> str:
    with transaction() as session:
        return session.scalars(select(Shard.state).where(Shard.run_id == run_id)).one()


def test_a_paused_training_writes_a_checkpoint_and_goes_on_at_the_exact_step(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    claim = trainings.claim()
    trainings.ask_for_pause(run_id)
    assert trainer_process.train(claim, student) == PAUSED
    paused = trainings.run_row(run_id)
    assert (paused.state, paused.step, paused.pause_asked, shard_state(run_id)) == ("paused", 1, False, "paused")
    resume(run_id)
    assert trainer_process.train(trainings.claim(), student) == DONE
    assert_equal_to_twin(run_id, student)


def test_a_cancelled_training_ends_within_a_step_and_writes_nothing_more(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), **LONG)
    process = trainer_process.start(trainings.claim(), student)
    wait_until(lambda: steps_done(run_id) >= 2)
    with transaction() as session:
        runs.cancel(session, DEFAULT_PROJECT, run_id)
    logged, step = metrics(run_id), steps_done(run_id)
    assert trainer_process.finish(process) == LOST
    assert (metrics(run_id), steps_done(run_id)) == (logged, step)
    cancelled = trainings.run_row(run_id)
    assert (cancelled.state, cancelled.artifact, shard_state(run_id)) == ("cancelled", None, "cancelled")
    with transaction() as session:
        assert checkpoints.on_disk(session, run_id) == []


def test_a_cancel_before_the_trainer_starts_leaves_it_nothing_to_do(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    claim = trainings.claim()
    for _ in range(2):
        with transaction() as session:
            runs.cancel(session, DEFAULT_PROJECT, run_id)
    assert trainer_process.train(claim, student) == LOST
    assert metrics(run_id) == []


def test_a_disk_without_room_pauses_the_run_and_room_lets_it_go_on(
    student: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    monkeypatch.setenv("BURNISH_FREE_DISK_FACTOR", "1e15")
    forget_settings()
    assert trainer_process.train(trainings.claim(), student) == DISK_FULL
    paused = trainings.run_row(run_id)
    assert (paused.state, paused.pause_reason, shard_state(run_id)) == ("paused", "disk_full", "paused")
    assert not training.has_room(paused)
    monkeypatch.delenv("BURNISH_FREE_DISK_FACTOR")
    forget_settings()
    assert training.has_room(paused)
    resume(run_id)
    assert trainer_process.train(trainings.claim(), student) == DONE
    assert_equal_to_twin(run_id, student)


def test_a_run_that_had_no_room_for_its_pairs_waits_for_more_than_there_was() -> None:
    assert training.has_room(Run(facts={"checkpoint_bytes": 1, "room_wanted": 0}))
    assert not training.has_room(Run(facts={"checkpoint_bytes": 1, "room_wanted": 1 << 60}))


def test_a_disk_that_fills_up_while_a_checkpoint_is_written_leaves_the_one_before_it_intact(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    full = Crash("trainer.parts", "write_tensors", nth=4, error=OSError(errno.ENOSPC, "No space left on device"))
    assert trainer_process.train(trainings.claim(), student, full) == DISK_FULL
    with transaction() as session:
        (kept,) = checkpoints.on_disk(session, run_id)
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [run_id])]
    artifacts.verify(settings().data_dir / kept.path, manifest_sha256=kept.manifest_sha256)
    assert kept.step == 2
    assert any("disk is full" in message for message in told)
    assert [path.name for path in (settings().data_dir / kept.path).parent.iterdir()] == ["checkpoint-00000002"]
    resume(run_id)
    assert trainer_process.train(trainings.claim(), student) == DONE
    assert_equal_to_twin(run_id, student)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"training": {"max_length": 8}}, "train_too_long: 18"),
        ({"training": {"mode": "lora", "lora": {"targets": ["no_such_layer"]}}}, "LoRA cannot be applied"),
        ({"method": {"type": "rdpo", "rdpo": {"form": "weight", "tau": 1e-40}}}, "no longer finite at step 1"),
    ],
    ids=["nothing left", "no such layer", "diverged"],
)
def test_what_another_attempt_would_not_mend_fails_the_run_at_once(
    asked: dict[str, object], said: str, student: Path
) -> None:
    run_id = trainings.ask(trainings.made_pairs(), **asked)
    assert trainer_process.train(trainings.claim(), student) == HOPELESS
    failed = trainings.run_row(run_id)
    assert (failed.state, shard_state(run_id)) == ("failed", "quarantined")
    assert said in str(failed.error)


def test_a_pause_writes_no_checkpoint_with_weights_that_are_not_finite(student: Path) -> None:
    broken = {"type": "rdpo", "rdpo": {"form": "weight", "tau": 1e-40}}
    run_id = trainings.ask(
        trainings.made_pairs(), method=broken, training={"log_steps": 1000, "checkpoint_steps": 1000}
    )
    claim = trainings.claim()
    trainings.ask_for_pause(run_id)
    assert trainer_process.train(claim, student) == HOPELESS
    assert "no longer finite at step 1" in str(trainings.run_row(run_id).error)
    with transaction() as session:
        assert checkpoints.on_disk(session, run_id) == []


def test_pairs_that_changed_since_a_run_began_fail_it(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    claim = trainings.claim()
    trainings.ask_for_pause(run_id)
    assert trainer_process.train(claim, student) == PAUSED
    with transaction() as session:
        ledger.pairs_of(session, trainings.run_row(run_id).dataset_id)[0].chosen += " Edited."
    resume(run_id)
    assert trainer_process.train(trainings.claim(), student) == HOPELESS
    assert "not those this run began with" in str(trainings.run_row(run_id).error)
