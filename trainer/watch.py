"""Which validation was the best so far, and whether it is time to stop."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.configs.run import EarlyStoppingConfig, TrainingConfig

Metric = Literal["loss", "accuracy"]


@dataclass
class Watch:
    """Looks at one metric of the validations, in the order of their steps; its state is in every checkpoint.

    The best is the first of those that none is strictly better than. Patience counts from the last validation that was
    better by more than `min_delta` than the one it counted from before.
    """

    metric: Metric
    keeps: bool  # whether the checkpoint of the best is the one that counts
    stopping: EarlyStoppingConfig | None = None
    step: int = 0  # of the best; 0 before there is one
    value: float | None = None
    mark: float | None = None  # what patience counts from
    waited: int = 0

    def see(self, step: int, values: Mapping[str, float | None]) -> bool:
        """Take in a validation; returns whether it is the best so far. One without a finite number is not."""
        found = values[self.metric]
        marks = found is not None and self._better(found, self.mark, by=self.least)
        self.waited = 0 if marks else self.waited + 1
        self.mark = found if marks else self.mark
        best = found is not None and self._better(found, self.value, by=0.0)
        if best:
            self.step, self.value = step, found
        return best

    def _better(self, found: float, than: float | None, *, by: float) -> bool:
        gain = math.inf if than is None else (than - found if self.metric == "loss" else found - than)
        return gain > by

    @property
    def least(self) -> float:
        """What a validation must be better by to be waited for another time."""
        return self.stopping.min_delta if self.stopping else 0.0

    @property
    def enough(self) -> bool:
        """Whether the training is to end here."""
        return self.stopping is not None and self.waited >= self.stopping.patience

    @property
    def kept(self) -> int | None:
        """The step whose checkpoint counts; None where that is the last one's."""
        return self.step if self.keeps and self.step else None

    def told(self) -> dict[str, Any]:
        """The best so far, for the record."""
        return {"metric": self.metric, "step": self.step, "value": self.value}

    def reason(self) -> str:
        """Why the training ends."""
        better = f" by more than {self.least:g}" if self.least else ""
        times = f"{self.waited} validation{'s' if self.waited > 1 else ''}"
        return f"Validation {self.metric} got no better{better} in {times}; its best was at step {self.step}."

    def saved(self) -> dict[str, Any]:
        """The state for a checkpoint; `restore` takes it back bit for bit."""
        return {"step": self.step, "value": self.value, "mark": self.mark, "waited": self.waited}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from a state of `saved`."""
        self.step, self.value = saved["step"], saved["value"]
        self.mark, self.waited = saved["mark"], saved["waited"]


def watch(training: TrainingConfig) -> Watch | None:
    """What watches the validations of a run; None where nobody asked for it."""
    if training.best is None and training.early_stopping is None:
        return None
    return Watch(training.best or "loss", training.best is not None, training.early_stopping)
