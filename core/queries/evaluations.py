"""Statements about evaluations and their answers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, and_, column, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.ids import new_id
from core.ledger import Claim
from core.queries import base_answers, events, shards
from core.queries.moves import move
from core.queries.prompts import held_out
from core.queries.rows import AnyRow
from core.settings import settings
from core.states import RunState, ShardState, Stage
from core.tables import Behavior, Evaluation, EvaluationAnswer, Prompt, Run, Score, Shard


def begin(session: Session, run: Run, *, student: str) -> None:
    """Create the evaluation of a run and queue the base model's answers, which need no training.

    In a sweep an earlier run may ask for the same answers; they are copied when this one has trained.
    """
    first, last, number = held_out(session, run.dataset_id)
    if not run.config["evaluation"]["enabled"] or number == 0:
        return
    session.add(Evaluation(id=new_id("eval"), project_id=run.project_id, run_id=run.id, state="in_progress"))
    session.flush()
    if not base_answers.awaited(session, run):
        _queue_answers(session, run, role="base", model=student, span=(first, last))


def tuned_ready(session: Session, run_id: str) -> None:
    """Training ended and `run.artifact` is set: evaluate, or succeed at once when there is nothing to evaluate.

    A pause that was asked for at the last step came too late and is forgotten.
    """
    run = session.scalars(select(Run).where(Run.id == run_id)).one()
    session.refresh(run)
    if of_run(session, run_id) is None:
        move(session, Run, run_id, RunState.evaluating, pause_asked=False, pause_reason=None)
        move(session, Run, run_id, RunState.succeeded)
        return
    first, last, _ = held_out(session, run.dataset_id)
    model = str((settings().data_dir / str(run.artifact)).resolve())
    if move(session, Run, run_id, RunState.evaluating, pause_asked=False, pause_reason=None):
        if not base_answers.begun(session, run_id) and not base_answers.copied(session, run):
            _queue_answers(session, run, role="base", model=str(run.config["student"]), span=(first, last))
        _queue_answers(session, run, role="tuned", model=model, span=(first, last))
        events.tell(session, project_id=run.project_id, subject=run_id, message="Evaluating base and tuned model.")


def _queue_answers(session: Session, run: Run, *, role: str, model: str, span: tuple[int, int]) -> None:
    size = settings().shard_prompts
    samples = run.config["evaluation"]["samples_per_prompt"]
    common = {
        "project_id": run.project_id,
        "dataset_id": run.dataset_id,
        "run_id": run.id,
        "role": role,
        "model": model,
    }
    rows = []
    for first in range(span[0], span[1] + 1, size):
        last = min(first + size - 1, span[1])
        total = len(_asked(session, run, first, last)) * samples
        if total:
            rows.append(common | {"stage": str(Stage.answer), "first": first, "last": last, "total": total})
    shards.add(session, rows)


def _rank(run: Run) -> Any:
    """Evaluation prompts of the dataset, numbered from 1 within their behavior."""
    number = func.row_number().over(partition_by=Prompt.behavior_id, order_by=Prompt.index)
    return (
        select(Prompt.id, Prompt.index.label("position"), number.label("rank"))
        .where(Prompt.dataset_id == run.dataset_id, Prompt.split == "evaluation")
        .subquery()
    )


def _asked(session: Session, run: Run, first: int, last: int) -> list[int]:
    """Ids of the evaluation prompts in a range that the run's `evaluation.prompts` lets through."""
    ranked = _rank(run)
    statement = select(ranked.c.id).where(ranked.c.position.between(first, last)).order_by(ranked.c.position)
    limit = run.config["evaluation"]["prompts"]
    return list(session.scalars(statement if limit is None else statement.where(ranked.c.rank <= limit)))


def waiting_answers(session: Session, claim: Claim) -> list[AnyRow]:
    """(evaluation_id, prompt_id, position, messages, sample) that the claim's model has still to answer."""
    run = session.scalars(select(Run).where(Run.id == claim.run_id)).one()
    number = (
        func.generate_series(0, run.config["evaluation"]["samples_per_prompt"] - 1, type_=Integer)
        .table_valued(column("sample", Integer))
        .render_derived()
    )
    statement = (
        select(Evaluation.id.label("evaluation_id"), Prompt.id.label("prompt_id"), Prompt.index.label("position"),
               Prompt.messages, number.c.sample)
        .select_from(Prompt)
        .join(Evaluation, Evaluation.run_id == run.id)
        .join(number, true())
        .outerjoin(
            EvaluationAnswer,
            and_(
                EvaluationAnswer.evaluation_id == Evaluation.id,
                EvaluationAnswer.prompt_id == Prompt.id,
                EvaluationAnswer.role == claim.role,
                EvaluationAnswer.sample == number.c.sample,
            ),
        )
        .where(
            Prompt.id.in_(_asked(session, run, claim.first, claim.last)),
            Prompt.quarantined_at.is_(None),
            EvaluationAnswer.id.is_(None),
        )
        .order_by(Prompt.index, number.c.sample)
    )  # fmt: skip
    return list(session.execute(statement))


def store_answers(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert answers that are not there yet; returns the tokens of each that was new."""
    if not rows:
        return []
    statement = insert(EvaluationAnswer).on_conflict_do_nothing().returning(EvaluationAnswer.tokens)
    return list(session.scalars(statement, list(rows)))


def waiting_judgements(session: Session, claim: Claim, scorer: str) -> list[AnyRow]:
    """(answer_id, position, messages, expect, guard, behavior_id, text) of the claim's answers that lack a score."""
    scored = select(Score.id).where(Score.evaluation_answer_id == EvaluationAnswer.id, Score.scorer == scorer).exists()
    statement = (
        select(EvaluationAnswer.id.label("answer_id"), Prompt.index.label("position"), Prompt.messages,
               Prompt.expect, Prompt.guard, Prompt.behavior_id, EvaluationAnswer.text)
        .join(Evaluation, Evaluation.id == EvaluationAnswer.evaluation_id)
        .join(Prompt, Prompt.id == EvaluationAnswer.prompt_id)
        .where(
            Evaluation.run_id == claim.run_id,
            EvaluationAnswer.role == claim.role,
            Prompt.index.between(claim.first, claim.last),
            ~scored,
        )
        .order_by(Prompt.index, EvaluationAnswer.sample)
    )  # fmt: skip
    return list(session.execute(statement))


def answers_in(session: Session, claim: Claim) -> int:
    """Answers stored for the claim's range and role."""
    statement = (
        select(func.count())
        .select_from(EvaluationAnswer)
        .join(Evaluation, Evaluation.id == EvaluationAnswer.evaluation_id)
        .join(Prompt, Prompt.id == EvaluationAnswer.prompt_id)
        .where(
            Evaluation.run_id == claim.run_id,
            EvaluationAnswer.role == claim.role,
            Prompt.index.between(claim.first, claim.last),
        )
    )
    return int(session.scalar(statement) or 0)


def unsettled(session: Session) -> list[str]:
    """Runs that are evaluating and whose answer and judge shards have all ended."""
    open_states = [str(ShardState.queued), str(ShardState.running), str(ShardState.paused)]
    busy = select(Shard.id).where(Shard.run_id == Run.id, Shard.state.in_(open_states)).exists()
    statement = select(Run.id).where(Run.state == str(RunState.evaluating), ~busy)
    return list(session.scalars(statement))


def of_run(session: Session, run_id: str) -> Evaluation | None:
    """The evaluation of a run, if it has one."""
    return session.scalars(select(Evaluation).where(Evaluation.run_id == run_id)).one_or_none()


def scored_answers(session: Session, evaluation_id: str) -> list[AnyRow]:
    """(behavior, prompt_id, guard, distribution, role, sample, text, finish, scorer, value) of every score of an
    evaluation.
    """
    statement = (
        select(
            Behavior.name.label("behavior"), Prompt.id.label("prompt_id"), Prompt.guard, Prompt.distribution,
            EvaluationAnswer.role, EvaluationAnswer.sample, EvaluationAnswer.text, EvaluationAnswer.finish,
            Score.scorer, Score.value,
        )
        .join(Prompt, Prompt.id == EvaluationAnswer.prompt_id)
        .join(Behavior, Behavior.id == Prompt.behavior_id)
        .outerjoin(Score, Score.evaluation_answer_id == EvaluationAnswer.id)
        .where(EvaluationAnswer.evaluation_id == evaluation_id)
        .order_by(Prompt.index, EvaluationAnswer.role, EvaluationAnswer.sample, Score.scorer)
    )  # fmt: skip
    return list(session.execute(statement))


def side_by_side(session: Session, evaluation_id: str, *, limit: int = 20) -> list[AnyRow]:
    """(behavior, position, messages, guard, sample, base, tuned) texts of the same prompts, by index."""
    base, tuned = (
        select(EvaluationAnswer)
        .where(EvaluationAnswer.evaluation_id == evaluation_id, EvaluationAnswer.role == role)
        .subquery()
        for role in ("base", "tuned")
    )
    statement = (
        select(
            Behavior.name.label("behavior"), Prompt.index.label("position"), Prompt.messages,
            Prompt.guard, base.c.sample,
            base.c.text.label("base"), tuned.c.text.label("tuned"),
        )
        .join(base, base.c.prompt_id == Prompt.id)
        .join(tuned, (tuned.c.prompt_id == Prompt.id) & (tuned.c.sample == base.c.sample))
        .join(Behavior, Behavior.id == Prompt.behavior_id)
        .order_by(func.row_number().over(partition_by=Prompt.behavior_id, order_by=Prompt.index), Prompt.index)
        .limit(limit)
    )  # fmt: skip
    return list(session.execute(statement))


def settle(session: Session, evaluation_id: str, summary: dict[str, Any]) -> bool:
    """Store the summary once; False when it was stored already."""
    statement = (
        update(Evaluation)
        .where(Evaluation.id == evaluation_id, Evaluation.state == "in_progress")
        .values(state="completed", summary=summary, completed_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]
