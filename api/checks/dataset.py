"""A dataset as asked for, made complete: behaviors found, models named, prompts enough."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.checks.budget import check_budget
from api.checks.endpoint import check_endpoint
from api.checks.models import complete_causal
from api.checks.scorers import by_param, complete_scorers
from api.checks.source import asked_of, check_source
from core.configs.dataset import DatasetConfig
from core.configs.teacher import TeacherConfig
from core.errors import BadInput, UnknownName
from core.queries import behaviors
from core.settings import settings
from core.tables import Behavior
from core.wrapping import no_wrappers


@dataclass(frozen=True)
class CheckedDataset:
    """A complete config and the versions of the behaviors it uses, in its order."""

    config: DatasetConfig
    behaviors: list[Behavior]


def check_dataset(session: Session, project_id: str, config: DatasetConfig, *, at: str = "") -> CheckedDataset:
    """Complete a dataset config; `at` heads every `param` (`dataset.` in a distillation).

    Raises UnknownName, ForbiddenModel, or BadInput.
    """
    _check_served(config, at)
    found = _behaviors(session, project_id, config, at)
    teacher = _teacher(session, project_id, config.teacher, at)
    reward = complete_scorers(session, project_id, by_param(config.reward, at), found)
    _check_numbers(config, found, at)
    _check_wrappers(config, found, at)
    if config.source is not None:
        check_source(session, project_id, config.source, at=f"{at}source")
    complete = config.model_copy(update={"teacher": teacher, "reward": reward})
    check_budget(complete, at=at)
    return CheckedDataset(complete, found)


def _behaviors(session: Session, project_id: str, config: DatasetConfig, at: str) -> list[Behavior]:
    found = behaviors.newest(session, project_id, config.behavior)
    for name in config.behavior:
        if name not in found:
            raise UnknownName("behavior", name, behaviors.names(session, project_id), param=f"{at}behavior")
    return [found[name] for name in config.behavior]


def _teacher(session: Session, project_id: str, teacher: TeacherConfig, at: str) -> TeacherConfig:
    if teacher.engine == "openai":
        check_endpoint(session, project_id, teacher, at=f"{at}teacher.")
        return teacher
    asked = teacher.model or settings().default_teacher
    name = complete_causal(session, project_id, name=asked, param=f"{at}teacher.model")
    return teacher.model_copy(update={"model": name})


def _check_served(config: DatasetConfig, at: str) -> None:
    """What the form of a request knows and no worker of this version does is refused, not passed over."""
    if config.pairs is not None:
        raise BadInput("Pairs are imported with POST /datasets/import; ask there.", param=f"{at}pairs")


def _check_numbers(config: DatasetConfig, found: list[Behavior], at: str) -> None:
    there = {row.name: len(row.body["prompts"]) for row in found}
    if config.prompts is not None:
        asked, field = len(config.prompts), "prompts"
    elif config.source is not None:
        asked, field = asked_of(config.source, config.n_prompts)
    else:
        asked, field = config.n_prompts or sum(there.values()), "n_prompts"
        _check_shares(config.n_prompts, there, at)
    if asked > settings().max_prompts:
        raise BadInput(
            f"{asked} prompts are more than one dataset may have ({settings().max_prompts}).", param=at + field
        )


def _check_wrappers(config: DatasetConfig, found: list[Behavior], at: str) -> None:
    """Whoever lays prompts out would find out too, of a source after it was read or written."""
    bare = [row.name for row in found if config.wrappers and row.body.get("wrappers") is None]
    if bare:
        raise no_wrappers(bare[0], at=at)


def _check_shares(asked: int | None, there: dict[str, int], at: str) -> None:
    """n_prompts is dealt evenly; no behavior is asked for more than it has."""
    if asked is None:
        return
    share, rest = divmod(asked, len(there))
    for place, (name, number) in enumerate(there.items()):
        if share + (place < rest) > number:
            raise BadInput(
                f"n_prompts is {asked}, dealt evenly that is {share + (place < rest)} of {name!r}, which has {number}. "
                f"Ask for at most {min(there.values()) * len(there)}, raise samples_per_prompt, or send prompts.",
                param=f"{at}n_prompts",
            )
