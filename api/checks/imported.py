"""An import as asked for, made complete: a file of pairs, a behavior that is there, scorers that can score."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.checks.dataset import CheckedDataset
from api.checks.scorers import by_param, complete_scorers
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
    reward = _scorers(session, project_id, asked, found)
    config = asked.dataset().model_copy(update={"reward": reward})
    return CheckedImport(CheckedDataset(config, found), file.rows)


def _behaviors(session: Session, project_id: str, name: str | None) -> list[Behavior]:
    if name is None:
        return []
    found = behaviors.get(session, project_id, name)
    if found is None:
        raise UnknownName("behavior", name, behaviors.names(session, project_id), param="behavior")
    return [found]


def _scorers(session: Session, project_id: str, asked: ImportConfig, found: list[Behavior]) -> tuple[RewardConfig, ...]:
    """What came with the pairs needs nothing; other scorers are completed as for any dataset."""
    every = by_param(asked.reward)
    anew = {param: one for param, one in every.items() if one.kind != "given"}
    if not found and any(one.kind == "judge" for one in anew.values()):
        raise BadInput("A judge rates by a behavior's rubric; name the behavior of the pairs.", param="behavior")
    complete = dict(zip(anew, complete_scorers(session, project_id, anew, found), strict=True))
    return tuple(complete.get(param, one) for param, one in every.items())
