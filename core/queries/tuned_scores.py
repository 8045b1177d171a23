"""Scores of the tuned models' answers, by what was asked: runs share a prompt when its messages are the same."""

from collections.abc import Sequence

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from core.tables import Behavior, Evaluation, EvaluationAnswer, Prompt, Score

Key = tuple[str, str, int]  # behavior, hash of the messages, sample
Scores = dict[Key, float]


def of_runs(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Scores]]:
    """`{run_id: {scorer: {key: value}}}` of runs whose evaluation is completed; missing scores are left out."""
    asked = func.md5(cast(Prompt.messages, Text)).label("asked")
    statement = (
        select(Evaluation.run_id, Score.scorer, Behavior.name, asked, EvaluationAnswer.sample, Score.value)
        .join(EvaluationAnswer, EvaluationAnswer.evaluation_id == Evaluation.id)
        .join(Prompt, Prompt.id == EvaluationAnswer.prompt_id)
        .join(Behavior, Behavior.id == Prompt.behavior_id)
        .join(Score, Score.evaluation_answer_id == EvaluationAnswer.id)
        .where(
            Evaluation.run_id.in_(ids),
            Evaluation.state == "completed",
            EvaluationAnswer.role == "tuned",
            Score.value.is_not(None),
        )
        .order_by(Prompt.index, EvaluationAnswer.sample)
    )
    found: dict[str, dict[str, Scores]] = {id: {} for id in ids}
    for run_id, scorer, behavior, asked_for, sample, value in session.execute(statement):
        found[run_id].setdefault(scorer, {})[behavior, asked_for, sample] = value
    return found
