"""What an LLM judge rates by: every behavior has a rubric."""

from collections.abc import Sequence

from core.configs.behavior import BehaviorSpec
from core.errors import BadInput
from core.tables import Behavior


def check_rubric(behaviors: Sequence[Behavior], *, param: str) -> None:
    """A judge rates by the rubric of each answer's behavior. Raises BadInput where one of them has none."""
    bare = [row.name for row in behaviors if BehaviorSpec.model_validate(row.body).rubric is None]
    if bare:
        raise BadInput(
            f"A judge rates by a rubric, and behavior {bare[0]!r} has none: add `rubric` to the behavior, or name a "
            "classifier or a rule.",
            param=param,
        )
