"""An import as asked for, made complete: a file of pairs, a behavior that is there, scorers that can score."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.checks.dataset import CheckedDataset
from api.checks.models import complete_reward
from core.configs.imported import ImportConfig
from core.configs.reward import RewardConfig
from core.errors import BadInput, UnknownName
from core.queries import behaviors, files
from core.settings import settings
from core.tables import Behavior


@dataclass(frozen=True)
class CheckedImport:
    """A complete config with its behavior, and how many pairs the file has."""

    dataset: CheckedDataset
    pairs: int


def check_import(session: Session, project_id: str, asked: ImportConfig) -> CheckedImport:
    """Complete an import; its file is held until the transaction ends. Raises UnknownName, ForbiddenModel, BadInput."""
    file = files.hold(session, project_id, asked.file, purpose="pairs", param="file")
    if file.rows > settings().max_prompts:
        raise BadInput(
            f"The file {file.id} has {file.rows} pairs, more than one dataset may have ({settings().max_prompts}).",
            param="file",
        )
    found = _behaviors(session, project_id, asked.behavior)
    reward = tuple(
        _reward(one, param=f"reward.{place}" if len(asked.reward) > 1 else "reward", alone=not found)
        for place, one in enumerate(asked.reward)
    )
    config = asked.dataset().model_copy(update={"reward": reward})
    return CheckedImport(CheckedDataset(config, found), file.rows)


def _behaviors(session: Session, project_id: str, name: str | None) -> list[Behavior]:
    if name is None:
        return []
    found = behaviors.get(session, project_id, name)
    if found is None:
        raise UnknownName("behavior", name, behaviors.names(session, project_id), param="behavior")
    return [found]


def _reward(reward: RewardConfig, *, param: str, alone: bool) -> RewardConfig:
    if reward.kind == "given":
        return reward
    if reward.kind == "judge" and alone:
        raise BadInput("A judge rates by a behavior's rubric; name the behavior of the pairs.", param="behavior")
    return complete_reward(reward, param=param)
