"""A worker that is killed while its judge speaks: no verdict is lost or doubled, and little is asked twice."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from core.settings import settings
from core.states import Queue
from tests.conftest import forget_settings
from tests.core import invariants
from tests.factories import hands, judged, scene
from tests.faults.conftest import SHORT
from tests.faults.crew import Crew, leases_run_out

PROMPTS = 24
REWARD = [judged.JUDGE, {"kind": "classifier", "model": "a-reward", "purpose": "cost"}]
SCORED = "SELECT count(DISTINCT chain_id) FROM score WHERE scorer LIKE 'judge%'"


@pytest.mark.parametrize("point", ["before_scores", "between_insert_and_commit", "before_done"])
def test_a_killed_worker_loses_a_micro_batch_of_verdicts_at_most(
    point: str, crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", str(PROMPTS))
    forget_settings()
    id = judged.ask(judged.behavior(prompts=PROMPTS), reward=REWARD)
    while (hand := hands.take(Queue.generate)) is not None:
        hand.write(PROMPTS)
        hand.finish()
    scene.change("UPDATE chain SET draft = 'draft of ' || prompt_id, revision = 'revision of ' || prompt_id")
    log = tmp_path / "questions.log"
    victim = crew.start("victim", "score", "--die", point, "--log", str(log))
    assert victim.wait() == -signal.SIGKILL
    asked, kept = len(log.read_text().splitlines()), scene.number(SCORED)
    assert asked > 0
    assert asked / 2 - kept <= 2 * SHORT["MICRO_BATCH_ROWS"] + SHORT["CHAINS_IN_FLIGHT"]
    leases_run_out()
    crew.start("victim", "score", "--log", str(log))
    crew.start("sweep")
    crew.until(scene.is_in(id, "completed"))
    assert settings().shard_prompts == PROMPTS
    again = Counter(log.read_text().splitlines())
    assert len(again) == 2 * PROMPTS
    assert sum(again.values()) - len(again) <= asked - 2 * kept
    assert scene.number("SELECT count(*) FROM score WHERE value = 1 AND raw = E'I like it.\\nScore: 1'") == 2 * PROMPTS
    assert scene.pairs(id) == PROMPTS
    invariants.hold()
    spent = "SELECT sum(prompt_tokens) FROM shard WHERE model LIKE 'judge%'"
    assert scene.number(spent) == 20 * 2 * PROMPTS  # what nobody kept is not counted
