"""Sweeps and the numbers of their runs, as trainers and workers leave them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.run import RunConfig
from core.configs.sweep import Grid
from core.grid import combinations
from core.queries import datasets, evaluations, recipes, runs, sweeps
from core.queries.moves import move
from core.queries.sweeps import Planned
from core.states import RunState
from core.tables import DEFAULT_PROJECT, Evaluation, EvaluationAnswer, Prompt, Run, RunMetric, Score, Sweep
from tests.factories.ledger import STUDENT
from tests.factories.worked import work
from workers.evaluation import summarise

Validation = tuple[int, float, float, float]  # step, loss, accuracy, margin


def sweep(session: Session, dataset_id: str, grid: Grid) -> Sweep:
    """A sweep on a completed dataset, as the door makes it."""
    dataset = datasets.get(session, DEFAULT_PROJECT, dataset_id)
    base = {"dataset": dataset_id, "student": STUDENT}
    found = [RunConfig.model_validate(one.config) for one in combinations(base, grid)]
    planned = Planned(RunConfig.model_validate(base), grid, [(config, dataset) for config in found])
    return sweeps.create(session, project_id=DEFAULT_PROJECT, planned=planned)


def run_ids(session: Session, sweep_id: str) -> list[str]:
    """Its runs in the order of their combinations."""
    return [run.id for run in sweeps.runs_of(session, [sweep_id])[sweep_id]]


def trained(session: Session, run_id: str, validations: Sequence[Validation] = (), *, tokens: float = 100.0) -> None:
    """The run has taken its steps, each with so many tokens, and its tuned model is there to be evaluated."""
    running(session, run_id, validations, tokens=tokens)
    runs.advance(session, run_id, artifact=f"runs/{run_id}/final")
    evaluations.tuned_ready(session, run_id)


def running(session: Session, run_id: str, validations: Sequence[Validation], *, tokens: float = 100.0) -> None:
    """The run has come as far as its last validation."""
    assert move(session, Run, run_id, RunState.preparing)
    assert move(session, Run, run_id, RunState.running)
    steps = max((step for step, *_ in validations), default=1)
    rows = [("train", step, {"loss": 1 / step, "tokens": tokens}) for step in range(1, steps + 1)]
    rows += [("validation", step, dict(zip(("loss", "accuracy", "margin"), values, strict=True)))
             for step, *values in validations]  # fmt: skip
    session.add_all(RunMetric(run_id=run_id, kind=kind, step=step, values=values) for kind, step, values in rows)
    session.flush()
    runs.advance(session, run_id, step=steps, total_steps=steps)


def judged(session: Session, run_id: str, values: Sequence[float]) -> None:
    """Answer and judge what waits; the tuned model's answers get these scores by the first scorer, prompt by prompt."""
    work(session)
    scorers = runs.frozen(session, run_id).evaluation.scorers
    statement = (
        select(Score)
        .join(EvaluationAnswer, EvaluationAnswer.id == Score.evaluation_answer_id)
        .join(Evaluation, Evaluation.id == EvaluationAnswer.evaluation_id)
        .join(Prompt, Prompt.id == EvaluationAnswer.prompt_id)
        .where(Evaluation.run_id == run_id, EvaluationAnswer.role == "tuned", Score.scorer == scorers[0].scorer)
        .order_by(Prompt.index)
    )
    for score, value in zip(session.scalars(statement), values, strict=True):
        score.value = value
    session.flush()
    found = evaluations.of_run(session, run_id)
    assert found is not None
    rows = evaluations.scored_answers(session, found.id)
    assert evaluations.settle(session, found.id, summarise(rows, scorers, _rules(session, run_id)))
    assert move(session, Run, run_id, RunState.succeeded)
    session.expire_all()


def _rules(session: Session, run_id: str) -> dict[str, Any]:
    rules = recipes.rules(session, runs.dataset_of(session, run_id))
    return {name: f"rule:{rule}" if rule else None for name, rule in rules.items()}


def shown(session: Session, dataset_id: str, *, prompts: int) -> str:
    """A sweep worth looking at: four runs have succeeded, one trains, one waits; returns its id."""
    grid: Grid = {"training.learning_rate": [0.0002, 0.0005, 0.001], "method.beta": [0.05, 0.1]}
    made = sweep(session, dataset_id, grid)
    ids = run_ids(session, made.id)
    for place, id in enumerate(ids[:5]):
        curve = [
            (step, 0.69 - (0.08 + 0.03 * place) * step / 30, 0.5 + (0.07 + 0.02 * place) * step / 30, 0.4 * step / 30)
            for step in range(10, 70 if place < 4 else 50, 10)
        ]
        if place < 4:
            trained(session, id, curve, tokens=5_200.0)
            judged(session, id, [float(number % 6 < place + 2) for number in range(prompts)])
        else:
            running(session, id, curve, tokens=5_200.0)
            runs.advance(session, id, step=40, total_steps=60)
    return made.id
