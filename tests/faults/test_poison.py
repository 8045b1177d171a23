"""F14: a prompt that kills its worker each time is taken out alone; the rest of its shard is kept."""

import signal

import pytest

from core.settings import reread
from tests.core import invariants
from tests.factories import scene
from tests.faults.crew import Crew, leases_run_out


def test_a_prompt_that_kills_is_quarantined_and_its_neighbours_are_kept(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "2")
    reread()
    id = scene.ask(scene.Asked(prompts=12, poison=5))
    crew.start("victim", "score")
    crew.start("sweep")
    deaths = 0
    while scene.state(id) == "in_progress":
        worker = crew.start("victim", "generate", poll_seconds=0.1)
        crew.until(lambda worker=worker: worker.wait(0) is not None or scene.state(id) != "in_progress")
        if worker.wait(0) is not None:
            assert worker.status == -signal.SIGKILL
            deaths += 1
            leases_run_out()
    assert scene.state(id) == "completed"
    assert deaths >= 2  # two attempts, and then halves down to the one
    taken_out = scene.rows("SELECT messages->-1->>'content', error FROM prompt WHERE quarantined_at IS NOT NULL")
    assert taken_out == [("poison 5", "The worker vanished while it held this shard.")]
    assert (scene.chains(id), scene.pairs(id)) == (11, 11)
    invariants.hold()
