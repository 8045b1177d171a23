"""F1, F2, F3: workers that are killed, with everything they had, or stopped and woken too late.

Without the token in `shards._mine`, `test_a_worker_that_slept_past_its_lease_writes_nothing` fails; without
`recovery.expire` in the sweep, `test_a_worker_killed_at_a_named_point_loses_and_doubles_nothing` does.
"""

import random
import signal
import time
from pathlib import Path

import psutil
import pytest

from core.settings import settings
from core.states import Queue
from tests.core import invariants
from tests.factories import hands, scene
from tests.faults.crew import Crew, Worker, leases_run_out
from tests.faults.victim import POINTS
from workers import sweep


def whole(dataset_id: str, rows: int) -> None:
    """Every chain and every pair is there once."""
    assert (scene.chains(dataset_id), scene.pairs(dataset_id)) == (rows, rows)
    invariants.hold()
    invariants.nothing_late()


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_a_named_point_loses_and_doubles_nothing(
    point: str, crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "24")
    settings.cache_clear()
    id = scene.ask(scene.Asked(prompts=24))
    log = tmp_path / "drafts"
    victim = crew.start("victim", "generate", "--die", point, "--log", str(log))
    assert victim.wait() == -signal.SIGKILL
    leases_run_out()
    crew.start("victim", "generate", "--log", str(log))
    crew.start("victim", "score")
    crew.start("sweep")
    crew.until(scene.is_in(id, "completed"))
    whole(id, 24)
    made = log.read_text().splitlines()
    assert len(set(made)) == 24
    # What a death costs: the batch that was being written, the one that was gathered, and the chains under way.
    assert len(made) - 24 <= 2 * settings().micro_batch_rows + settings().chains_in_flight


def test_workers_killed_at_random_lose_and_double_nothing(crew: Crew) -> None:
    id = scene.ask(scene.Asked(prompts=48, samples=2))
    crew.start("sweep")
    crew.start("victim", "score")
    chance = random.Random(1)

    def begin() -> Worker:
        return crew.start("victim", "generate", "--seconds", "0.03", lease_seconds=1.5)

    working = [begin() for _ in range(4)]
    kills = 0
    while scene.state(id) != "completed":
        if kills < 16:
            time.sleep(chance.uniform(0.0, 0.2))
            place = chance.randrange(4)
            working[place].kill()
            kills += 1
            working[place] = begin()
        else:
            crew.until(scene.is_in(id, "completed"))
    assert kills == 16
    whole(id, 96)


def test_a_worker_tree_killed_at_once_is_taken_over_by_the_next(crew: Crew) -> None:
    id = scene.ask(scene.Asked(prompts=24))
    tree = [crew.start("victim", "generate", "--seconds", "0.02"), crew.start("victim", "score"), crew.start("sweep")]
    crew.until(lambda: scene.chains(id) >= 3)
    for worker in tree:
        worker.signal(signal.SIGKILL)
    assert [worker.wait() for worker in tree] == [-signal.SIGKILL] * 3
    assert scene.state(id) == "in_progress"
    leases_run_out()
    crew.hands()
    crew.until(scene.is_in(id, "completed"))
    whole(id, 24)


def test_a_worker_that_slept_past_its_lease_writes_nothing(crew: Crew) -> None:
    id = scene.ask(scene.Asked(prompts=6))
    sleeper = crew.start("victim", "generate", "--seconds", "0.1")
    crew.until(lambda: scene.chains(id) >= 1)
    sleeper.signal(signal.SIGSTOP)
    crew.until(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_STOPPED)
    before = scene.chains(id)
    assert before < 6
    assert leases_run_out() == 1
    sweep.sweep()
    heir = crew.until(lambda: hands.take(Queue.generate))
    sleeper.signal(signal.SIGCONT)
    crew.until(sleeper.said("no longer held"))
    assert scene.chains(id) == before
    heir.write(6)
    heir.finish()
    assert scene.chains(id) == 6
    invariants.hold()
