"""Models a request names: found, allowed, and of the right kind."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from api.artifacts import folder_of
from api.checks.endpoint import check_endpoint
from core.configs.reward import RewardConfig
from core.configs.rules import RULES
from core.errors import BadInput, UnknownName
from core.models import locate
from core.queries import runs
from core.settings import settings
from core.tables import Run

Kind = Literal["causal", "classifier", "adapter", "unknown"]
KINDS: dict[str, Kind] = {"ForCausalLM": "causal", "ForSequenceClassification": "classifier"}


def complete_causal(session: Session, project_id: str, *, name: str, param: str, adapter: bool = True) -> str:
    """The model as workers find it: its name, or for a tuned model, named by its run's id, its absolute folder.

    `adapter` says whether it may be one, with its base beside it. Raises UnknownName, ForbiddenModel, or BadInput for
    a run without a tuned model or a model that writes no text.
    """
    kinds: tuple[Kind, ...] = ("causal", "adapter") if adapter else ("causal",)
    run = _maker(session, project_id, name)
    if run is None:
        _check(name, kinds, param, roots=settings().model_roots)
        return name
    folder = folder_of(run)
    if folder is None:
        raise BadInput(f"Run {run.id} is {run.state} and has no tuned model yet; name another model.", param=param)
    _check(str(folder), kinds, param, roots=settings().trusted_roots)
    return str(folder)


def _maker(session: Session, project_id: str, name: str) -> Run | None:
    """The run of this project that a tuned model is named after, by its id or by its folder."""
    folder, data = Path(name), settings().data_dir.resolve()
    if folder.is_relative_to(data):
        return runs.of_artifact(session, project_id, folder.relative_to(data).as_posix())
    return runs.find(session, project_id, name) if name.startswith("run_") else None


def complete_reward(session: Session, project_id: str, reward: RewardConfig, *, param: str) -> RewardConfig:
    """The reward with its model named. Raises UnknownName, ForbiddenModel or BadInput."""
    if reward.kind == "judge":
        return _complete_judge(session, project_id, reward, param=param)
    if reward.kind not in ("classifier", "rule"):
        raise BadInput(
            f"No worker of this version scores by {reward.kind!r} here; name a classifier, a judge or a rule.",
            param=f"{param}.kind",
        )
    if reward.kind == "rule":
        if reward.rule not in RULES:
            raise UnknownName("rule", reward.rule or "", sorted(RULES), param=f"{param}.rule")
        return reward
    name = reward.model or settings().default_reward
    _check(name, ("classifier",), f"{param}.model", roots=settings().model_roots)
    return reward.model_copy(update={"model": name})


def _complete_judge(session: Session, project_id: str, judge: RewardConfig, *, param: str) -> RewardConfig:
    """A judge of ours answers as a teacher does; the name of one behind an endpoint is the endpoint's affair."""
    if judge.engine == "openai":
        check_endpoint(session, project_id, judge.judge, at=f"{param}.")
        return judge
    name = judge.model or settings().default_teacher
    return judge.model_copy(update={"model": complete_causal(session, project_id, name=name, param=f"{param}.model")})


def _check(name: str, kinds: Sequence[Kind], param: str, *, roots: Sequence[Path]) -> None:
    path = locate(name, roots, param=param).path
    found = kind_of(path) if path is not None else "unknown"
    if found not in (*kinds, "unknown"):
        what = "an adapter, which only teachers may be" if found == "adapter" else f"a {found} model"
        raise BadInput(f"Model {name!r} is {what}; a {kinds[0]} model is needed here.", param=param)


def architecture_of(folder: Path) -> str | None:
    """The first architecture the folder's config.json names."""
    file = folder / "config.json"
    try:
        found = json.loads(file.read_bytes()).get("architectures")
    except (OSError, ValueError, AttributeError):
        return None
    return str(found[0]) if isinstance(found, list) and found else None


def kind_of(folder: Path) -> Kind:
    """causal, classifier, adapter or unknown."""
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        return "adapter"
    architecture = architecture_of(folder) or ""
    return next((kind for ending, kind in KINDS.items() if architecture.endswith(ending)), "unknown")
