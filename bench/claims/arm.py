"""An arm: pairs, a method and a training, and what its student is examined in; with a seed it is a cell."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bench.claims.fingerprint import Key, key
from bench.claims.recipe import HABIT, Recipe, kind
from bench.claims.world import key_of
from core.configs.run import RunConfig

Told = dict[str, Any]
Exam = Literal["gold", "style"]
NATURAL = "natural"  # a tau: the scale of the seed's scores before any planting
TRAINING: Told = {
    "epochs": 2, "learning_rate": 3e-4, "schedule": "linear", "warmup_ratio": 0.1, "batch_size": 16, "max_length": 256,
    "dtype": "float32",
}  # fmt: skip


@dataclass(frozen=True)
class Arm:
    """An empty method is the untuned student. `habit`: the student is first taught the planted style."""

    name: str
    recipe: Recipe
    method: Told = field(default_factory=dict)
    training: Told = field(default_factory=dict)
    exam: Exam = "gold"
    habit: bool = False

    def config(self, *, seed: int, tau: float) -> RunConfig:
        """The run that is asked for; of the untuned student one that is not taken."""
        name = self.method.get("type", "dpo")
        values = {**self.method.get(name, {})}
        if values.get("tau") == NATURAL:
            values["tau"] = tau
        asked = {"dataset": "claims", "method": {"type": name, name: values}}
        return RunConfig.model_validate({**asked, "training": {**TRAINING, **self.training, "seed": seed}})


@dataclass(frozen=True)
class Cell:
    """An arm under a seed."""

    arm: Arm
    seed: int

    @property
    def worlds(self) -> list[str]:
        """The kinds of worlds that its pairs come from."""
        return [kind(self.arm.recipe), *([HABIT] if self.arm.habit else [])]

    @property
    def key(self) -> Key:
        """Of all that its result depends on: two arms that differ by name alone are one."""
        told = asdict(self.arm) | {"name": None, "training": {**TRAINING, **self.arm.training}}
        worlds = [key_of(each, self.seed) for each in self.worlds]
        return key({**told, "seed": self.seed, "worlds": worlds}, of="cell")
