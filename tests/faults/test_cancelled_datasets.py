"""F20 for datasets: whenever it is cancelled, a dataset ends at once and nobody writes about it afterwards.

"Within a beat and five seconds" is kept by the fence: the cancelling transaction itself ends the dataset and all its
shards, and `cancel` asks right after it.
"""

import signal

import pytest

from core.database import transaction
from core.errors import Conflict
from core.queries import datasets
from core.tables import DEFAULT_PROJECT
from tests.core import invariants
from tests.factories import scene
from tests.faults.crew import Crew, leases_run_out
from workers import sweep

WRITTEN = """
    SELECT (SELECT count(*) FROM chain), (SELECT count(*) FROM score), (SELECT count(*) FROM pair),
           (SELECT sum(completed + failed) FROM shard), (SELECT max(token) FROM shard)
"""


def cancel(id: str) -> None:
    """As the door does; the dataset has ended when this returns."""
    with transaction() as session:
        datasets.cancel(session, DEFAULT_PROJECT, id)
    assert ended(id)


def resume(id: str) -> None:
    """As the door does."""
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)


def ended(id: str) -> bool:
    """The dataset is cancelled and no shard of it is open."""
    still = "SELECT count(*) FROM shard WHERE state NOT IN ('cancelled', 'done')"
    return scene.state(id) == "cancelled" and scene.number(still) == 0


def test_cancelled_before_any_claim(crew: Crew) -> None:
    id = scene.ask()
    cancel(id)
    other = scene.ask()
    crew.hands()
    crew.until(scene.is_in(other, "completed"))
    assert scene.chains(id) == 0
    assert ended(id)
    invariants.hold()


def test_cancelled_mid_shard_twice_and_resumed(crew: Crew) -> None:
    id = scene.ask(scene.Asked(prompts=18))
    worker = crew.start("victim", "generate", "--seconds", "0.1")
    crew.until(lambda: scene.chains(id) >= 2)
    cancel(id)
    before = scene.rows(WRITTEN)
    cancel(id)
    crew.until(worker.said("shard failed"))  # it noticed
    sweep.sweep()
    assert scene.rows(WRITTEN) == before
    assert ended(id)
    invariants.hold()
    resume(id)
    crew.hands()
    crew.until(scene.is_in(id, "completed"))
    assert scene.pairs(id) == 18
    invariants.hold()


def test_cancelled_with_its_worker_dead(crew: Crew) -> None:
    id = scene.ask(scene.Asked(prompts=18))
    worker = crew.start("victim", "generate", "--seconds", "0.1")
    crew.until(lambda: scene.chains(id) >= 2)
    worker.signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL
    cancel(id)
    before = scene.rows(WRITTEN)
    assert leases_run_out() == 0
    sweep.sweep()
    assert scene.rows(WRITTEN) == before
    assert ended(id)
    invariants.hold()


def test_a_dataset_that_has_ended_cannot_be_cancelled(crew: Crew) -> None:
    id = scene.ask()
    crew.hands()
    crew.until(scene.is_in(id, "completed"))
    before = scene.rows(WRITTEN)
    with pytest.raises(Conflict, match="completed and cannot become cancelled"):
        cancel(id)
    assert scene.state(id) == "completed"
    assert scene.rows(WRITTEN) == before
