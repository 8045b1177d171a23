"""The end of a training, and what a run that is resumed takes up again."""

import pytest

from core.database import transaction
from core.queries import evaluations, recovery, runs, shards
from core.queries.moves import move
from core.states import Queue, RunState
from core.tables import DEFAULT_PROJECT, Run
from tests.conftest import forget_settings
from tests.factories import scene, trainings


@pytest.mark.parametrize("evaluated", [True, False])
def test_a_pause_asked_for_at_the_last_step_is_forgotten(evaluated: bool, database: str) -> None:
    run_id = trainings.ask(trainings.made_pairs(), evaluation={"enabled": evaluated})
    with transaction() as session:
        move(session, Run, run_id, RunState.preparing)
        move(session, Run, run_id, RunState.running)
        assert runs.pause(session, DEFAULT_PROJECT, run_id).pause_asked
        runs.advance(session, run_id, artifact="runs/tuned")
        evaluations.tuned_ready(session, run_id)
    ended = trainings.run_row(run_id)
    assert ended.state == ("evaluating" if evaluated else "succeeded")
    assert (ended.pause_asked, ended.pause_reason) == (False, None)


def test_a_resumed_run_asks_the_evaluation_prompts_that_were_given_up(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "1")
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "1")
    forget_settings()
    dataset_id = trainings.made_pairs()
    run_id = trainings.ask(dataset_id, evaluation={"enabled": True})
    with transaction() as session:
        claim = shards.claim(session, queue=Queue.generate, owner="a test")
        assert claim is not None
        recovery.release(session, claim, error="The engine died.")
    # One of the dataset's own prompts was given up too, long ago: a run has nothing to do with it.
    scene.change("UPDATE prompt SET quarantined_at = clock_timestamp() WHERE index = 0 AND split = 'train'")
    given_up = "SELECT split, count(*) FROM prompt WHERE quarantined_at IS NOT NULL GROUP BY 1 ORDER BY 1"
    assert [tuple(row) for row in scene.rows(given_up)] == [("evaluation", 1), ("train", 1)]
    with transaction() as session:
        runs.cancel(session, DEFAULT_PROJECT, run_id)
        runs.resume(session, DEFAULT_PROJECT, run_id)
    assert [tuple(row) for row in scene.rows(given_up)] == [("train", 1)]
    shard = scene.rows("SELECT state, completed, failed FROM shard WHERE id = :id", id=claim.shard_id)
    assert [tuple(row) for row in shard] == [("queued", 0, 0)]
    with transaction() as session:
        again = shards.claim(session, queue=Queue.generate, owner="a test")
        assert again is not None
        assert [row.position for row in evaluations.waiting_answers(session, again)] == [again.first]
    assert again.shard_id == claim.shard_id
