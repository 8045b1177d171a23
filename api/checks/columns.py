"""Whether a dataset has the columns that a run reads: scores, rewards by scorer, weights."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.configs.reward import RewardConfig
from core.configs.run import RunConfig, TrainingConfig
from core.errors import MissingColumn
from core.methods.choice import MethodChoice
from core.queries import score_columns, scorers, weights


def check_columns(session: Session, dataset_id: str, config: RunConfig, *, scored: int) -> None:
    """Raises MissingColumn for a column that no pair of the dataset has. `scored`: how many have both scores."""
    method, members = config.method, config.method.hyperparameters.members
    if members is not None:
        found = score_columns.columns(session, dataset_id)
        _check_members(method, found.rewards)
        names = found.members(members)
        if not score_columns.scored(session, dataset_id, names):
            raise MissingColumn(
                f"No pair of dataset {dataset_id} has a score of every scorer of {', '.join(names)} for both answers; "
                "name fewer scorers.",
                param=_at(method),
            )
    elif method.facts.needs_scores:
        _check_scores(session, dataset_id, method, scored)
    if config.training.pair_weights and not weights.weighted(session, dataset_id):
        raise MissingColumn(
            f"No pair of dataset {dataset_id} has a weight above zero. Import pairs whose lines have a number "
            "'weight', or leave pair_weights out.",
            param="training.pair_weights",
        )


def _check_scores(session: Session, dataset_id: str, method: MethodChoice, scored: int) -> None:
    """Of the scores on the pairs: they are there, and the higher the better."""
    if scored == 0:
        raise MissingColumn(
            f"Method {method.type!r} needs the columns score_chosen and score_rejected; no pair of dataset "
            f"{dataset_id} has both. Choose a method without scores, such as 'dpo', or score the dataset.",
            param="method.type",
        )
    first = next(iter(scorers.of_dataset(session, dataset_id)), None)
    if first is not None and first.purpose == "cost":
        raise MissingColumn(
            f"Method {method.type!r} takes a higher score as the better one, and the scores on the pairs of dataset "
            f"{dataset_id} are costs, by {first.name!r}. Choose a method without scores, such as 'dpo', or make the "
            "dataset with a scorer that gives rewards before it.",
            param="method.type",
        )


def check_promised(method: MethodChoice, training: TrainingConfig, rewards: Sequence[RewardConfig]) -> None:
    """Raises MissingColumn for a column that a dataset will lack which is only asked for, with these scorers."""
    if method.hyperparameters.members is not None:
        _check_members(method, [reward.scorer for reward in rewards if reward.purpose == "reward"])
    if training.pair_weights:
        raise MissingColumn(
            "Pairs that a teacher makes have no weight; leave pair_weights out, or import pairs and run on those.",
            param="training.pair_weights",
        )


def _check_members(method: MethodChoice, rewards: Sequence[str]) -> None:
    members, known = method.hyperparameters.members, ", ".join(rewards) or "none"
    if members == "all":
        if len(rewards) < 2:
            raise MissingColumn(
                f"An ensemble needs the columns of two rewards or more; the dataset's rewards are: {known}. Make the "
                "dataset with several scorers, or say 'first'.",
                param=_at(method),
            )
        return
    for place, name in enumerate(members or ()):
        if name not in rewards:
            raise MissingColumn(
                f"The dataset has no column of rewards {name!r}; its rewards are: {known}. Name one of them, or make "
                "the dataset with that scorer.",
                param=f"{_at(method)}.{place}",
            )


def _at(method: MethodChoice) -> str:
    return f"method.{method.type}.scorers"
