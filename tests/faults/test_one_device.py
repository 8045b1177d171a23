"""Workers that share one device take turns on it: never two engines at once, whoever is killed."""

import signal
from pathlib import Path

import pytest

from core.settings import reread
from tests.core import invariants
from tests.factories import scene
from tests.faults.crew import Crew, Worker, leases_run_out

PROMPTS = 60


def loaded(engines: Path) -> list[tuple[str, int]]:
    """What was noted: `("load" | "unload", process id)` in the order of time."""
    notes = engines.read_text().splitlines() if engines.exists() else []
    return [(what, int(pid)) for what, pid in (line.split() for line in notes)]


def check_alone(notes: list[tuple[str, int]], killed: set[int]) -> None:
    """Nobody loads while somebody else who lives has an engine."""
    there: set[int] = set()
    for what, pid in notes:
        if what == "load":
            assert there <= killed, notes
            there.add(pid)
        else:
            there.remove(pid)


def test_teacher_and_scorer_take_turns_also_when_the_holder_is_killed(
    crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_SHARED_DEVICE", "gpu 0")
    monkeypatch.setenv("BURNISH_TURN_SECONDS", "0.2")
    reread()
    id, engines = scene.ask(scene.Asked(prompts=PROMPTS)), tmp_path / "engines"

    def begin(queue: str) -> Worker:
        return crew.start("victim", queue, "--seconds", "0.05", "--engines", str(engines))

    crew.start("sweep")
    teacher, scorer = begin("generate"), begin("score")
    crew.until(lambda: ("load", scorer.pid) in loaded(engines))  # in the midst of the dataset: the turn was over
    assert scene.chains(id) < PROMPTS
    crew.until(lambda: loaded(engines)[-1] == ("load", teacher.pid))
    teacher.kill()
    leases_run_out()
    heir = begin("generate")
    crew.until(scene.is_in(id, "completed"))
    notes = loaded(engines)
    check_alone(notes, {teacher.pid})
    assert ("load", heir.pid) in notes
    assert notes.count(("load", scorer.pid)) > 1
    assert (scene.chains(id), scene.pairs(id)) == (PROMPTS, PROMPTS)
    invariants.hold()
    for worker in (heir, scorer):
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
