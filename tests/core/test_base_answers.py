"""Runs of a sweep share what the untuned model answered."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.sweep import Grid
from core.queries import runs
from core.tables import DEFAULT_PROJECT, EvaluationAnswer, Run, Shard
from tests.factories import ledger, sweeps
from tests.factories.worked import work

RATES: Grid = {"training.learning_rate": [1e-5, 2e-5, 3e-5]}


def roles(session: Session, run_id: str) -> list[tuple[str, str]]:
    """Stage and role of what is asked for the run's evaluation."""
    found = select(Shard.stage, Shard.role).where(Shard.run_id == run_id, Shard.role.is_not(None)).order_by(Shard.id)
    return [(stage, str(role)) for stage, role in session.execute(found)]


def asked(session: Session, grid: Grid) -> list[str]:
    """The runs of a sweep on a made dataset."""
    return sweeps.run_ids(session, sweeps.sweep(session, ledger.made_dataset(session).id, grid).id)


def test_the_first_run_asks_and_the_others_copy_answers_with_their_scores(session: Session) -> None:
    first, second, _ = ids = asked(session, RATES)
    assert [roles(session, id) for id in ids] == [[("answer", "base")], [], []]
    work(session)
    sweeps.trained(session, second)
    assert roles(session, second) == [("answer", "tuned")]
    sweeps.judged(session, second, [1.0, 0.0, 1.0])
    sweeps.trained(session, first)
    sweeps.judged(session, first, [1.0, 1.0, 1.0])
    assert roles(session, first) == [("answer", "base"), ("judge", "base"), ("answer", "tuned"), ("judge", "tuned")]
    kept = select(EvaluationAnswer.role, EvaluationAnswer.prompt_id, EvaluationAnswer.text, EvaluationAnswer.seed)
    base = [tuple(row) for row in session.execute(kept.where(EvaluationAnswer.role == "base").order_by("prompt_id"))]
    assert len(base) == 6
    assert base[::2] == base[1::2]


def test_a_run_that_finds_them_incomplete_asks_for_its_own(session: Session) -> None:
    first, second, third = asked(session, RATES)
    sweeps.trained(session, second)
    assert roles(session, second) == [("answer", "base"), ("answer", "tuned")]
    runs.cancel(session, DEFAULT_PROJECT, first)
    work(session)
    sweeps.trained(session, third)
    assert roles(session, third) == [("answer", "tuned")], "copied from the second, for the first was cancelled"


def test_another_student_answers_for_itself(session: Session) -> None:
    ids = asked(session, {"student": ["a-student", "another"], "training.seed": [0, 1]})
    assert [len(roles(session, id)) for id in ids] == [1, 0, 1, 0]
    assert [session.get_one(Run, id).config["student"] for id in ids] == [
        "a-student",
        "a-student",
        "another",
        "another",
    ]


def test_runs_that_were_asked_for_alone_share_nothing(session: Session) -> None:
    dataset = ledger.made_dataset(session).id
    ids = [ledger.run(session, dataset) for _ in range(2)]
    assert [roles(session, id) for id in ids] == [[("answer", "base")]] * 2
