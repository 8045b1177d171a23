"""F4 in evaluation: whoever answers or judges is killed; every answer and every score is there once."""

import signal

import pytest

from tests.core import invariants
from tests.factories import scene
from tests.faults import evaluated
from tests.faults.crew import Crew, leases_run_out

PROMPTS = 12
ANSWERS = 2 * PROMPTS  # of the base and of the tuned model
OPEN_STAGES = "SELECT DISTINCT stage FROM shard WHERE state = 'running'"
STORED = "SELECT count(*), count(DISTINCT (prompt_id, role, sample)), sum(tokens) FROM evaluation_answer"
SCORED = """
    SELECT count(*), count(DISTINCT (evaluation_answer_id, scorer)), count(value)
    FROM score WHERE evaluation_answer_id IS NOT NULL
"""
COUNTED = """
    SELECT stage, sum(completed), sum(failed), sum(total), sum(tokens), bool_and(state = 'done')
    FROM shard WHERE run_id IS NOT NULL AND stage IN ('answer', 'judge') GROUP BY 1 ORDER BY 1
"""


def die_in(crew: Crew, queue: str, point: str, stage: str) -> None:
    """A worker takes shards of the stage and is killed at the point, while it holds one; then its leases run out."""
    victim = crew.start("victim", queue, "--die", point)
    assert victim.wait() == -signal.SIGKILL
    assert [row[0] for row in scene.rows(OPEN_STAGES)] == [stage]
    assert leases_run_out() > 0


@pytest.mark.parametrize(
    ("answering", "judging"),
    [
        ("before_answers", "before_scores"),
        ("between_insert_and_commit", "between_insert_and_commit"),
        ("before_done", "before_done"),
    ],
)
def test_workers_killed_in_evaluation_lose_and_double_nothing(answering: str, judging: str, crew: Crew) -> None:
    run_id = evaluated.trained_run(evaluated.completed_dataset(scene.Asked(prompts=6, evaluation_prompts=PROMPTS)))
    die_in(crew, "generate", answering, "answer")
    crew.start("sweep")
    crew.start("victim", "generate")
    crew.until(lambda: scene.number("SELECT count(*) FROM shard WHERE stage = 'judge'") == 4)
    die_in(crew, "score", judging, "judge")
    assert evaluated.state(run_id) == "evaluating"
    crew.start("victim", "score")
    crew.until(lambda: evaluated.state(run_id) == "succeeded")
    stored, once, tokens = scene.rows(STORED)[0]
    assert stored == once == ANSWERS
    assert [tuple(row) for row in scene.rows(SCORED)] == [(ANSWERS, ANSWERS, ANSWERS)]
    assert [tuple(row) for row in scene.rows(COUNTED)] == [
        ("answer", ANSWERS, 0, ANSWERS, tokens, True),
        ("judge", ANSWERS, 0, ANSWERS, 0, True),
    ]
    settled, summary = scene.rows("SELECT state, summary FROM evaluation")[0]
    assert settled == "completed"
    assert summary["scorers"][summary["headline"]]["overall"]["n"] == PROMPTS
    assert scene.number("SELECT count(*) FROM event WHERE message LIKE '%the run has succeeded%'") == 1
    invariants.hold()


def test_a_worker_killed_after_the_last_judgement_leaves_the_summary_to_the_sweep(crew: Crew) -> None:
    """One judge shard for each model: the second is the last, and its worker dies before it settles the run."""
    run_id = evaluated.trained_run(evaluated.completed_dataset(scene.Asked(prompts=6, evaluation_prompts=3)))
    answering = crew.start("victim", "generate")
    crew.until(lambda: scene.number("SELECT count(*) FROM shard WHERE stage = 'judge'") == 2)
    answering.kill()  # it would look after the run too
    for _ in range(2):
        victim = crew.start("victim", "score", "--die", "after_done")
        assert victim.wait() == -signal.SIGKILL
    assert scene.number("SELECT count(*) FROM shard WHERE state <> 'done'") == 0
    assert evaluated.state(run_id) == "evaluating"
    crew.start("sweep")
    crew.until(lambda: evaluated.state(run_id) == "succeeded")
    assert [tuple(row) for row in scene.rows(SCORED)] == [(6, 6, 6)]
    assert scene.rows("SELECT summary FROM evaluation")[0][0]["scorers"]
    invariants.hold()
