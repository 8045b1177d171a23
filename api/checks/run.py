"""A run as asked for, made complete: a dataset that can be trained on, a student, the columns the method needs."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.checks.dataset import CheckedDataset, check_dataset
from api.checks.models import complete_causal, complete_reward
from core.configs.distillation import DistillationConfig
from core.configs.run import EvaluationConfig, RunConfig
from core.errors import BadInput, Conflict, MissingColumn, NotFound
from core.queries import datasets, pairs
from core.settings import settings
from core.states import DatasetState
from core.tables import Dataset


@dataclass(frozen=True)
class CheckedRun:
    """A complete config and the dataset it trains on."""

    config: RunConfig
    dataset: Dataset


def check_run(session: Session, project_id: str, config: RunConfig) -> CheckedRun:
    """Complete a run config. Raises BadInput (and its kinds), or Conflict while the dataset is not completed."""
    dataset = _dataset(session, project_id, config.dataset)
    kept, scored = pairs.trainable(session, dataset.id)
    if kept == 0:
        raise BadInput(f"Dataset {dataset.id} has no kept pair in its training split; make another.", param="dataset")
    if config.method.facts.needs_scores and scored == 0:
        raise MissingColumn(
            f"Method {config.method.type!r} needs the columns score_chosen and score_rejected; no pair of dataset "
            f"{dataset.id} has both. Choose a method without scores, such as 'dpo', or score the dataset.",
            param="method.type",
        )
    filled = {
        "student": _student(session, project_id, config.student),
        "evaluation": _evaluation(config.evaluation),
    }
    return CheckedRun(config.model_copy(update=filled), dataset)


def check_distillation(
    session: Session, project_id: str, config: DistillationConfig
) -> tuple[DistillationConfig, CheckedDataset]:
    """Complete a distillation config. Raises BadInput (and its kinds)."""
    dataset = check_dataset(session, project_id, config.dataset, at="dataset.")
    filled = {
        "dataset": dataset.config,
        "student": _student(session, project_id, config.student),
        "evaluation": _evaluation(config.evaluation),
    }
    return config.model_copy(update=filled), dataset


def _dataset(session: Session, project_id: str, id: str) -> Dataset:
    try:
        dataset = datasets.get(session, project_id, id)
    except NotFound as error:
        raise BadInput(f"{error.message} GET /datasets lists those there are.", param="dataset") from error
    if dataset.state != DatasetState.completed:
        raise Conflict(f"Dataset {id} is {dataset.state}; a run needs a completed one.", param="dataset")
    return dataset


def _student(session: Session, project_id: str, name: str | None) -> str:
    asked = name or settings().default_student
    return complete_causal(session, project_id, name=asked, param="student", adapter=False)


def _evaluation(evaluation: EvaluationConfig) -> EvaluationConfig:
    scorers = tuple(
        complete_reward(scorer, param=f"evaluation.scorers.{place}") for place, scorer in enumerate(evaluation.scorers)
    )
    return evaluation.model_copy(update={"scorers": scorers})
