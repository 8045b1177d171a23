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

from core.settings import reread, settings
from core.states import Queue
from tests.core import invariants
from tests.factories import hands, scene
from tests.faults.crew import Crew, Worker, leases_run_out
from tests.faults.victim import POINTS
from workers import sweep

DRAFT, REVISION = 0, 2
COMMITTED = "SELECT p.messages->-1->>'content' FROM chain c JOIN prompt p ON p.id = c.prompt_id"


def turns(log: Path, number: int) -> list[str]:
    """The prompts for which a victim was asked for this turn, one for each time."""
    notes = [line.split(" ", 1) for line in log.read_text().splitlines()] if log.exists() else []
    return [prompt for turn, prompt in notes if int(turn) == number]


def whole(dataset_id: str, rows: int) -> None:
    """Every chain and every pair is there once."""
    assert (scene.chains(dataset_id), scene.pairs(dataset_id)) == (rows, rows)
    invariants.hold()
    invariants.nothing_late()


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_a_named_point_loses_and_doubles_nothing(
    point: str, crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed is never made again.

    What is lost is bounded: of the chains that were finished the micro-batch that was being written and the one that
    had gathered behind it, which is all a worker holds of a shard; and the chains in flight, which nobody had finished.
    """
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "24")
    reread()
    id = scene.ask(scene.Asked(prompts=24))
    dead, heir = tmp_path / "dead.log", tmp_path / "heir.log"
    victim = crew.start("victim", "generate", "--die", point, "--log", str(dead))
    assert victim.wait() == -signal.SIGKILL
    committed = {row[0] for row in scene.rows(COMMITTED)}
    leases_run_out()
    crew.start("victim", "generate", "--log", str(heir))
    crew.start("victim", "score")
    crew.start("sweep")
    crew.until(scene.is_in(id, "completed"))
    whole(id, 24)
    made_later = turns(heir, DRAFT)
    assert not committed & set(made_later)
    assert len(committed) + len(made_later) == 24  # the rest, each once
    begun, finished = set(turns(dead, DRAFT)), set(turns(dead, REVISION))
    assert committed <= finished <= begun
    in_flight, unwritten = settings().chains_in_flight, 2 * settings().micro_batch_rows
    assert len(begun - finished) <= in_flight
    assert len(begun - committed) <= unwritten + in_flight


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
