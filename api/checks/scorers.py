"""Scorers as asked for, made complete: models named, names apart, a rubric for every behavior that a judge rates."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from api.checks.judge import check_rubric
from api.checks.models import complete_reward
from core.configs.reward import RewardConfig
from core.errors import BadInput
from core.tables import Behavior


def by_param(rewards: Sequence[RewardConfig], at: str = "") -> dict[str, RewardConfig]:
    """Scorers by the path of their field: `reward` for a single one, else `reward.0`, `reward.1`, ..."""
    several = len(rewards) > 1
    return {f"{at}reward.{place}" if several else f"{at}reward": one for place, one in enumerate(rewards)}


def complete_scorers(
    session: Session, project_id: str, asked: Mapping[str, RewardConfig], behaviors: Sequence[Behavior]
) -> tuple[RewardConfig, ...]:
    """The scorers with their models named; `asked` are those of a request by the path of their field.

    Raises UnknownName, ForbiddenModel or BadInput.
    """
    complete: dict[str, RewardConfig] = {}
    for param, one in asked.items():
        scorer = complete_reward(session, project_id, one, param=param)
        if scorer.kind == "judge":
            check_rubric(behaviors, param=param)
        if scorer.scorer in complete:
            raise BadInput(
                f"Two scorers would store their scores under the name {scorer.scorer!r}; give one of them a label.",
                param=f"{param}.label",
            )
        complete[scorer.scorer] = scorer
    return tuple(complete.values())
