"""A run as asked for, made complete: a dataset that can be trained on, a student, the columns the method needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.checks.columns import check_columns, check_promised
from api.checks.dataset import CheckedDataset, check_dataset
from api.checks.models import complete_causal
from api.checks.reporting import check_reporting
from api.checks.scorers import complete_scorers
from core.configs.distillation import DistillationConfig
from core.configs.run import EvaluationConfig, RunConfig, TrainingConfig
from core.errors import BadInput, Conflict, NotFound
from core.methods.choice import MethodChoice
from core.queries import behaviors, datasets, trained_pairs
from core.settings import settings
from core.states import DatasetState
from core.tables import Behavior, Dataset


@dataclass(frozen=True)
class CheckedRun:
    """A complete config and the dataset it trains on."""

    config: RunConfig
    dataset: Dataset


@dataclass(frozen=True)
class Trainable:
    """A dataset that has pairs to train on: how many of them have both scores, whether there are any to validate on."""

    dataset: Dataset
    scored: int
    validates: bool
    behaviors: Sequence[Behavior]


def check_trainable(session: Session, project_id: str, id: str) -> Trainable:
    """Raises BadInput for a dataset that is not there or has no pairs, Conflict while it is not completed."""
    dataset = _dataset(session, project_id, id)
    kept, scored = trained_pairs.trainable(session, dataset.id)
    if kept == 0:
        raise BadInput(f"Dataset {dataset.id} has no kept pair in its training split; make another.", param="dataset")
    return Trainable(dataset, scored, trained_pairs.validates(session, dataset.id), behaviors.used(session, dataset))


def check_run(session: Session, project_id: str, config: RunConfig, found: Trainable | None = None) -> CheckedRun:
    """Complete a run config. Raises BadInput (and its kinds), or Conflict while the dataset is not completed.

    `found` is its dataset, where that was looked at before.
    """
    found = found or check_trainable(session, project_id, config.dataset)
    check_columns(session, found.dataset.id, config, scored=found.scored)
    _check_anchors(config.method, config.training)
    check_reporting(config.reporting)
    if not found.validates:
        _check_watched(config.training, f"Dataset {found.dataset.id} has no kept pair in its validation split")
    filled = {
        "student": _student(session, project_id, config.student),
        "evaluation": _evaluation(session, project_id, config.evaluation, found.behaviors),
    }
    return CheckedRun(config.model_copy(update=filled), found.dataset)


def check_distillation(
    session: Session, project_id: str, config: DistillationConfig
) -> tuple[DistillationConfig, CheckedDataset]:
    """Complete a distillation config. Raises BadInput (and its kinds)."""
    dataset = check_dataset(session, project_id, config.dataset, at="dataset.")
    check_promised(config.method, config.training, dataset.config.reward)
    _check_anchors(config.method, config.training)
    check_reporting(config.reporting)
    if dataset.config.split.validation == 0:
        _check_watched(config.training, "The dataset will have no validation split (dataset.split.validation is 0)")
    filled = {
        "dataset": dataset.config,
        "student": _student(session, project_id, config.student),
        "evaluation": _evaluation(session, project_id, config.evaluation, dataset.behaviors),
    }
    return config.model_copy(update=filled), dataset


def _check_anchors(method: MethodChoice, training: TrainingConfig) -> None:
    """Raises BadInput for anchors that would be forwarded, add nothing, and make every pair's part smaller."""
    if not training.anchors or method.hyperparameters.sft_weight > 0:
        return
    losses = "the loss of sft is over pairs, and " if method.type == "sft" else ""
    raise BadInput(
        f"training.anchors adds identical pairs to the SFT term alone: {losses}method.{method.type}.sft_weight is 0. "
        "Set it above 0, or leave anchors out.",
        param="training.anchors",
    )


def _check_watched(training: TrainingConfig, lack: str) -> None:
    """Raises BadInput where validations decide something that never come."""
    for name in ("eval_steps", "best", "early_stopping"):
        if getattr(training, name) is not None:
            raise BadInput(
                f"{lack}, and training.{name} needs validations. Leave it out, or make the dataset with a larger "
                "split.validation.",
                param=f"training.{name}",
            )


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


def _evaluation(
    session: Session, project_id: str, evaluation: EvaluationConfig, behaviors: Sequence[Behavior]
) -> EvaluationConfig:
    """The evaluation with its scorers' models named. Raises BadInput (and its kinds) for one that cannot score it."""
    asked = {f"evaluation.scorers.{place}": scorer for place, scorer in enumerate(evaluation.scorers)}
    for param, scorer in asked.items():
        if scorer.pairwise:
            raise BadInput(
                "A pairwise judge compares draft and revision; base and tuned model are rated each by itself and then "
                "compared. Leave pairwise out.",
                param=f"{param}.pairwise",
            )
    return evaluation.model_copy(update={"scorers": complete_scorers(session, project_id, asked, behaviors)})
