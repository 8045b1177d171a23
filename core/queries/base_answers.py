"""Answers of the untuned model that runs of a sweep have in common: one asks for them, the others copy them.

Nobody waits for anybody: a run that has trained and finds no such answers whole asks for its own.
"""

from typing import Any

from sqlalchemy import and_, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from core.states import ShardState, Stage
from core.tables import Evaluation, EvaluationAnswer, Run, Score, Shard

ANSWER = ("prompt_id", "role", "sample", "text", "tokens", "finish", "model_fingerprint", "seed", "token")
SCORE = ("scorer", "fingerprint", "value", "missing", "raw")
WHOLE = (str(ShardState.done), str(ShardState.halved))  # the halves of a shard are shards themselves


def awaited(session: Session, run: Run) -> bool:
    """Whether an earlier run of the sweep asks the same student the same questions of the same dataset."""
    if run.sweep_id is None:
        return False
    earlier = select(Run.id).where(_alike(run), Run.sweep_place < run.sweep_place)
    return session.scalar(earlier.limit(1)) is not None


def begun(session: Session, run_id: str) -> bool:
    """Whether the run asked for such answers of its own."""
    return session.scalar(select(Shard.id).where(_base(run_id)).limit(1)) is not None


def copied(session: Session, run: Run) -> bool:
    """Copy the answers, with their scores, of another run of the sweep that has them all; False where none has."""
    giver = _giver(session, run)
    taker = session.scalars(select(Evaluation.id).where(Evaluation.run_id == run.id)).one_or_none()
    if giver is None or taker is None:
        return False
    theirs = and_(EvaluationAnswer.evaluation_id == giver, EvaluationAnswer.role == "base")
    columns = [getattr(EvaluationAnswer, name) for name in ANSWER]
    answers = select(literal(taker), *columns).where(theirs)
    into = insert(EvaluationAnswer).from_select(["evaluation_id", *ANSWER], answers, include_defaults=False)
    session.execute(into.on_conflict_do_nothing())
    _copy_scores(session, theirs, taker)
    return True


def _copy_scores(session: Session, theirs: Any, taker: str) -> None:
    mine = aliased(EvaluationAnswer)
    same = and_(
        mine.evaluation_id == taker,
        mine.role == EvaluationAnswer.role,
        mine.prompt_id == EvaluationAnswer.prompt_id,
        mine.sample == EvaluationAnswer.sample,
    )
    scores = (
        select(mine.id, *(getattr(Score, name) for name in SCORE))
        .select_from(Score)
        .join(EvaluationAnswer, EvaluationAnswer.id == Score.evaluation_answer_id)
        .join(mine, same)
        .where(theirs)
    )
    into = insert(Score).from_select(["evaluation_answer_id", *SCORE], scores, include_defaults=False)
    session.execute(into.on_conflict_do_nothing())


def _giver(session: Session, run: Run) -> str | None:
    """The evaluation of a run of the sweep whose base answers are all there and judged."""
    if run.sweep_id is None:
        return None
    asked = select(Shard.id).where(_base(Run.id), Shard.stage == str(Stage.answer)).exists()
    lacking = select(Shard.id).where(_base(Run.id), Shard.state.not_in(WHOLE)).exists()
    statement = (
        select(Evaluation.id)
        .join(Run, Run.id == Evaluation.run_id)
        .where(_alike(run), Run.id != run.id, asked, ~lacking)
        .order_by(Run.sweep_place)
    )
    return session.scalars(statement.limit(1)).first()


def _alike(run: Run) -> Any:
    """The condition that a run of the same sweep has the same base answers."""
    return and_(
        Run.sweep_id == run.sweep_id,
        Run.dataset_id == run.dataset_id,
        Run.config["student"] == literal(run.config["student"], Run.config.type),
        Run.config["evaluation"] == literal(run.config["evaluation"], Run.config.type),
    )


def _base(run_id: Any) -> Any:
    return and_(Shard.run_id == run_id, Shard.role == "base")
