"""Where a distillation stands: dataset, training, evaluation, each with its share done and the time it still takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.dashboard.words import count, percent
from api.schemas.counts import Counts, Remaining
from api.schemas.dataset import STAGES, DatasetObject, show_dataset
from api.schemas.run import RunObject, show_run
from core.queries import datasets, gauges, runs
from core.tables import Distillation, Run

Stages = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Step:
    """One stop of the timeline; `share` is None while nothing can be said."""

    title: str
    state: str  # waiting, active, paused, done, failed, cancelled
    text: str
    share: float | None = None
    remaining: Remaining | None = None
    link: str | None = None

    @property
    def percent(self) -> int:
        """The share done, in whole percent."""
        return 100 if self.state == "done" else int(100 * (self.share or 0.0))


def of_distillation(session: Session, row: Distillation) -> list[Step]:
    """The three steps of a distillation."""
    dataset = datasets.get(session, row.project_id, row.dataset_id)
    run = runs.get(session, row.project_id, row.run_id) if row.run_id else None
    first = of_dataset(show_dataset(dataset, datasets.progress(session, dataset.id)))
    return [first, *of_run(session, run, over=row.state in ("failed", "cancelled"))]


def of_dataset(dataset: DatasetObject) -> Step:
    """Making the pairs."""
    state = {"completed": "done", "validating": "waiting", "cancelling": "active", "finalizing": "active"}.get(
        dataset.status, "active" if dataset.status == "in_progress" else dataset.status
    )
    made = dataset.request_counts
    text = f"{count(made.completed)} of {count(made.total)} chains"
    if made.failed:
        text += f", {count(made.failed)} failed"
    return Step("Dataset", state, text, whole(dataset), dataset.seconds_remaining, f"/dashboard/datasets/{dataset.id}")


def whole(dataset: DatasetObject) -> float:
    """The share of a dataset's work that is done: chains, their scores and their pairs count alike."""
    total = 3 * dataset.request_counts.total
    return min(sum(_ended(dataset.stages[name]) for name in STAGES) / total, 1.0) if total else 0.0


def _ended(stage: Counts) -> int:
    return stage.completed + stage.failed


def of_run(session: Session, run: Run | None, *, over: bool = False) -> list[Step]:
    """Training and evaluation; `over`: what has not begun never will."""
    if run is None:
        state = "cancelled" if over else "waiting"
        return [Step("Training", state, "after the dataset"), Step("Evaluation", state, "after the training")]
    shown = show_run(run)
    if shown.dry_run:
        return [_probing(shown)]
    stages = gauges.of_run(session, run.id)
    return [_training(shown, run), _evaluation(shown, run, stages)]


def _training(run: RunObject, row: Run) -> Step:
    steps = f"{count(run.step)} of {count(run.total_steps)} steps" if run.total_steps else run.status
    share = run.step / run.total_steps if run.total_steps else None
    trained = row.evaluating_at is not None or run.status == "succeeded"
    state = "done" if trained else {"queued": "waiting", "failed": "failed", "cancelled": "cancelled"}.get(
        run.status, "paused" if run.status == "paused" else "active"
    )  # fmt: skip
    text = steps if run.status in ("running", "paused") or trained else run.status
    noted = run.facts.get("pair_losses")
    if run.status == "running" and noted and share == 1:
        text += f", now the loss of each pair: {percent(noted['done'] / max(1, noted['total']))}"
    return Step("Training", state, text, share, run.seconds_remaining, f"/dashboard/runs/{run.id}")


def _probing(run: RunObject) -> Step:
    state = {"queued": "waiting", "succeeded": "done"}.get(run.status, "active")
    state = run.status if run.status in ("failed", "cancelled") else state
    share = run.step / run.total_steps if run.total_steps else None
    text = f"{count(run.step)} of {count(run.total_steps)} probing steps" if run.total_steps else run.status
    return Step("Dry run", state, text, share, link=f"/dashboard/runs/{run.id}")


def _evaluation(run: RunObject, row: Run, stages: Stages) -> Step:
    answers, judged = (_counts(stages, stage) for stage in ("answer", "judge"))
    expected = answers.total * (1 + len(run.config.evaluation.scorers))
    done = answers.completed + answers.failed + judged.completed + judged.failed
    share = min(done / expected, 1.0) if expected else None
    text = f"{count(answers.completed)} of {count(answers.total)} answers, {count(judged.completed)} judgements"
    link = f"/dashboard/runs/{run.id}"
    if run.status == "succeeded":
        return Step("Evaluation", "done", text if expected else "nothing to evaluate", 1.0, link=link)
    if row.evaluating_at is not None and run.status == "evaluating":
        return Step("Evaluation", "active", text, share, link=link)
    if run.status in ("failed", "cancelled"):
        return Step("Evaluation", run.status if row.evaluating_at else "cancelled", "not reached", share, link=link)
    return Step("Evaluation", "waiting", "after the training")


def _counts(stages: Stages, stage: str) -> Counts:
    return Counts.model_validate(stages.get(stage) or {"total": 0, "completed": 0, "failed": 0})


def spoken(steps: list[Step]) -> str:
    """A sentence for screen readers; it changes with each tenth, so that it does not talk all the time."""
    for step in steps:
        if step.state in ("failed", "cancelled", "paused"):
            return f"{step.title} {step.state}."
        if step.state == "active":
            return f"{step.title}: {step.percent // 10 * 10} percent done."
    return "Finished." if all(step.state == "done" for step in steps) else "Waiting to begin."
