"""F27: two sweeps and two relays at once do what one does."""

import threading
from collections.abc import Callable

from core.states import Queue
from tests.core import invariants
from tests.factories import hands, scene
from tests.faults.crew import Crew, leases_run_out
from workers import sweep

AT_ONCE = 6


def all_at_once(act: Callable[[], object]) -> list[object]:
    """Do it in several threads that begin together; what each returned."""
    gate, answers = threading.Barrier(AT_ONCE), []

    def run() -> None:
        gate.wait()
        answers.append(act())

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_lease_that_ran_out_is_taken_back_once(crew: Crew) -> None:
    scene.ask(scene.Asked(prompts=60))
    held = [hand for _ in range(10) if (hand := hands.take(Queue.generate)) is not None]
    assert len(held) == leases_run_out() == 10
    assert len(all_at_once(sweep.sweep)) == AT_ONCE
    assert scene.rows("SELECT state, attempts, count(*) FROM shard GROUP BY 1, 2") == [("queued", 1, 10)]
    invariants.nothing_late()


def test_work_is_rung_for_once(crew: Crew) -> None:
    scene.ask(scene.Asked(prompts=60))
    rung = all_at_once(sweep.relay)
    assert len(rung) == AT_ONCE
    assert sum(number for number in rung if isinstance(number, int)) == 10


def test_two_sweeps_end_a_dataset_once(crew: Crew) -> None:
    id = scene.ask(scene.Asked(prompts=30))
    for _ in range(2):
        crew.start("victim", "generate", sweep_seconds=0.05)
        crew.start("sweep", sweep_seconds=0.05, relay_seconds=0.02)
        crew.start("victim", "score")
    crew.until(scene.is_in(id, "completed"))
    all_at_once(sweep.sweep)
    told = scene.rows("SELECT count(*) FROM event WHERE subject = :id AND message LIKE 'Completed%'", id=id)
    assert told == [(1,)]
    assert scene.pairs(id) == 30
    invariants.hold()
