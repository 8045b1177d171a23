"""Models a request names: found, allowed, and of the right kind."""

import json
from pathlib import Path
from typing import Literal

from core.configs.dataset import RewardConfig
from core.configs.rules import RULES
from core.errors import BadInput, UnknownName
from core.models import locate
from core.settings import settings

Kind = Literal["causal", "classifier", "adapter", "unknown"]
KINDS: dict[str, Kind] = {"ForCausalLM": "causal", "ForSequenceClassification": "classifier"}


def check_causal(name: str, *, param: str) -> None:
    """Raises UnknownName, ForbiddenModel, or BadInput for a model that does not write text."""
    _check(name, "causal", param)


def complete_reward(reward: RewardConfig, *, param: str) -> RewardConfig:
    """The reward with its model named. Raises UnknownName, ForbiddenModel or BadInput."""
    if reward.kind == "rule":
        if reward.rule not in RULES:
            raise UnknownName("rule", reward.rule or "", sorted(RULES), param=f"{param}.rule")
        return reward
    name = reward.model or settings().default_reward
    _check(name, "classifier", f"{param}.model")
    return reward.model_copy(update={"model": name})


def _check(name: str, kind: str, param: str) -> None:
    path = locate(name, settings().model_roots, param=param).path
    found = kind_of(path) if path is not None else "unknown"
    if found not in (kind, "unknown", "adapter"):
        raise BadInput(f"Model {name!r} is a {found} model; a {kind} model is needed here.", param=param)


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
