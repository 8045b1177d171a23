"""F20 for runs: whenever it is cancelled, a run ends in that very transaction and nobody writes about it afterwards.

"Within a beat and five seconds" is kept by the fence: the state is asked right after the cancelling transaction.
`test_trainer_stopped.py` cancels before the trainer starts, mid-training, and twice.
"""

from pathlib import Path

import psutil
import pytest
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.main import create_door
from core.database import transaction
from core.queries import runs
from core.tables import DEFAULT_PROJECT
from tests.factories import scene, trainings
from tests.faults import evaluated
from tests.faults.crew import Crew, leases_run_out
from workers import sweep

LONG = {"training": {"epochs": 1000, "checkpoint_steps": 100_000}}
WRITTEN = """
    SELECT r.*, (SELECT count(*) FROM run_metric), (SELECT count(*) FROM checkpoint), (SELECT count(*) FROM event),
           (SELECT count(*) FROM evaluation_answer), (SELECT sum(completed + failed) FROM shard)
    FROM run r
"""
OPEN = "SELECT count(*) FROM shard WHERE state IN ('queued', 'running', 'paused')"


@pytest.fixture
def door(database: str) -> TestClient:
    key = make_first_key()
    return TestClient(create_door(), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {key}"})


def cancel(id: str) -> None:
    """As the door does; the run has ended when this returns, and nobody holds anything of it."""
    with transaction() as session:
        runs.cancel(session, DEFAULT_PROJECT, id)
    assert evaluated.state(id) == "cancelled"
    assert scene.number(OPEN) == 0


def alive(process: psutil.Process) -> bool:
    """It is there and no zombie."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_run_that_has_succeeded_cannot_be_cancelled(door: TestClient) -> None:
    id = evaluated.trained_run(evaluated.completed_dataset(scene.Asked(prompts=6)))
    assert evaluated.state(id) == "succeeded"
    before = scene.rows(WRITTEN), scene.rows("SELECT id, state, token FROM shard ORDER BY id")
    for _ in range(2):
        answer = door.post(f"/runs/{id}/cancel")
        assert answer.status_code == 409
        assert "succeeded and cannot be cancelled" in answer.text
    assert (scene.rows(WRITTEN), scene.rows("SELECT id, state, token FROM shard ORDER BY id")) == before


def test_a_run_is_cancelled_with_its_training_worker_dead(crew: Crew, student: Path) -> None:
    id = trainings.ask(trainings.made_pairs(), **LONG)
    worker = crew.start("worker", "train")
    crew.until(lambda: trainings.run_row(id).step >= 2, seconds=180)
    trainers = psutil.Process(worker.pid).children(recursive=True)
    assert trainers
    worker.kill()
    cancel(id)
    before = scene.rows(WRITTEN)
    crew.until(lambda: not any(alive(trainer) for trainer in trainers))
    assert leases_run_out() == 0
    sweep.sweep()
    assert scene.rows(WRITTEN) == before
    assert evaluated.state(id) == "cancelled"


def test_a_run_is_cancelled_while_its_answers_are_given(crew: Crew) -> None:
    id = evaluated.trained_run(evaluated.completed_dataset(scene.Asked(prompts=6, evaluation_prompts=60)))
    worker = crew.start("victim", "generate", "--seconds", "0.2", log_level="DEBUG")
    crew.until(lambda: scene.number("SELECT count(*) FROM evaluation_answer") >= 2)
    cancel(id)
    before = scene.rows(WRITTEN)
    crew.until(worker.said("waits to be rung"))  # it noticed: nothing is left to do
    sweep.sweep()
    assert scene.rows(WRITTEN) == before
