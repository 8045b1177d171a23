"""`method: {type: rdpo, rdpo: {...}}`: the type, and the hyperparameters under the type's own name."""

from typing import Any

from pydantic import Field, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from core.configs.config import Config
from core.methods.alpha_dpo import AlphaDpoConfig
from core.methods.conservative_dpo import ConservativeDpoConfig
from core.methods.dpo import DpoConfig
from core.methods.hinge import HingeConfig
from core.methods.ipo import IpoConfig
from core.methods.method import Hyperparameters, Method
from core.methods.rdpo import RdpoConfig
from core.methods.reward_distillation import RewardDistillationConfig
from core.methods.robust_dpo import RobustDpoConfig
from core.methods.sft import SftConfig
from core.methods.simpo import SimpoConfig


class MethodChoice(Config):
    """A method by name. The fields after `type` are the table of methods: one line each."""

    type: str = Field("rdpo", description="name of one of the other fields", examples=["rdpo"])
    rdpo: RdpoConfig | None = None
    dpo: DpoConfig | None = None
    conservative_dpo: ConservativeDpoConfig | None = None
    robust_dpo: RobustDpoConfig | None = None
    ipo: IpoConfig | None = None
    hinge: HingeConfig | None = None
    simpo: SimpoConfig | None = None
    alpha_dpo: AlphaDpoConfig | None = None
    reward_distillation: RewardDistillationConfig | None = None
    sft: SftConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _only_its_own(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"type": value}
        if not isinstance(value, dict):
            return value
        name = value.get("type", "rdpo")
        if name not in method_names():
            message = f"there is no method {str(name)[:100]!r}; known: {', '.join(method_names())}"
            raise PydanticCustomError("unknown_method", "{told}", {"told": message, "field": "type"})
        others = [field for field in value if field in method_names() and field != name and value[field] is not None]
        if others:
            raise ValueError(f"{others[0]!r} does not belong to type {name!r}; put hyperparameters under {name!r}")
        return {**value, name: value.get(name) or {}}

    @model_serializer(mode="plain")
    def _own_fields(self) -> dict[str, Any]:
        return {"type": self.type, self.type: self.hyperparameters.model_dump()}

    @property
    def hyperparameters(self) -> Hyperparameters:
        """The validated hyperparameters of the chosen type."""
        found: Hyperparameters = getattr(self, self.type)
        return found

    @property
    def facts(self) -> Method:
        """What the method needs."""
        return self.hyperparameters.facts


def method_names() -> tuple[str, ...]:
    """Every method there is, by its key."""
    return tuple(name for name in MethodChoice.model_fields if name != "type")
