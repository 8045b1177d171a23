"""An LLM judge as asked for: a model that can be asked, a key that is there, a rubric for every behavior."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.reward import RewardConfig
from core.errors import BadInput
from core.queries import secrets
from core.tables import Behavior


def check_judge(session: Session, project_id: str, judge: RewardConfig, *, param: str) -> None:
    """What must hold of a judge behind an endpoint. Raises UnknownName for a secret that is not there."""
    secrets.check(session, project_id, judge.secret, param=f"{param}.secret")


def check_rubric(behaviors: Sequence[Behavior], *, param: str) -> None:
    """A judge rates by the rubric of each answer's behavior. Raises BadInput where one of them has none."""
    bare = [row.name for row in behaviors if BehaviorSpec.model_validate(row.body).rubric is None]
    if bare:
        raise BadInput(
            f"A judge rates by a rubric, and behavior {bare[0]!r} has none: add `rubric` to the behavior, or name a "
            "classifier or a rule.",
            param=param,
        )
