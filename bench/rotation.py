"""Many sides in alternation: A B C, C B A, ...; such a round is one summed window of each, on the same two numbers."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from bench.ratio import summary
from bench.setting import wait
from bench.window import Window, measured

Step = Callable[[int], object]  # does the work of the batch of this number
Round = dict[str, Window]
Figures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Rotation:
    """A window is `steps` steps with batches of `batch` pairs."""

    steps: int
    batch: int
    device: torch.device

    def window(self, step: Step, number: int) -> Window:
        """The window of this number."""

        def work() -> int:
            for place in range(self.steps):
                step(number * self.steps + place)
            wait(self.device)
            return self.steps * self.batch

        wait(self.device)
        return measured(work, time.process_time)

    def round(self, sides: Mapping[str, Step], number: int) -> Round:
        """One window of each in one order, and one in the other."""
        found = {name: self.window(step, 2 * number) for name, step in sides.items()}
        for name, step in reversed(list(sides.items())):
            found[name] += self.window(step, 2 * number + 1)
        return found


def rows(rounds: Iterable[Round], name: str) -> list[dict[str, Any]]:
    """The raw rows of a set: a window of a side each."""
    return [
        {"set": name, "round": number, "side": side, **asdict(window)}
        for number, found in enumerate(rounds)
        for side, window in found.items()
    ]


def read(found: Iterable[dict[str, Any]]) -> dict[str, list[Round]]:
    """The rounds of each set, from the raw rows."""
    sets: dict[str, list[Round]] = {}
    for row in found:
        rounds = sets.setdefault(row["set"], [])
        rounds += [{} for _ in range(row["round"] + 1 - len(rounds))]
        rounds[row["round"]][row["side"]] = Window(row["units"], row["seconds"], row["cpu"])
    return sets


def over(rounds: Iterable[Round], first: str, second: str) -> dict[str, list[tuple[float, float]]]:
    """Pairs a second of two sides, by the clock and by CPU-seconds: the ending of a summary's row, and its windows."""
    both = [(found[first], found[second]) for found in rounds]
    return {"": [(a.rate, b.rate) for a, b in both], "/cpu-seconds": [(a.thrift, b.thrift) for a, b in both]}


def ratios(row: str, rounds: Iterable[Round], first: str, second: str) -> Figures:
    """The summary's rows `<row>` and `<row>/cpu-seconds`."""
    return {f"{row}{ending}": summary(pairs) for ending, pairs in over(rounds, first, second).items()}


def spread(row: str, rounds: Iterable[Round], second: str, *, epochs: int) -> Figures:
    """The ratio with what is computed beforehand, spread over so many epochs; a side has it if `precompute-<side>` is.

    Seconds of a pair and epoch, which every side takes once beforehand and once an epoch.
    """

    def seconds(found: Round, side: str) -> float:
        before = found.get(f"precompute-{side}")
        return 1 / found[side].rate + (1 / before.rate / epochs if before else 0.0)

    pairs = [(seconds(found, second), seconds(found, "ours")) for found in rounds]
    return {f"{row}/{epochs}-epoch{'s' if epochs > 1 else ''}": summary(pairs)}


def whole(row: str, sets: Iterable[list[Round]], first: str, second: str) -> Figures:
    """The ratio of all sets, each as weighty as another: the geometric mean of their ratios, round by round."""
    found: Figures = {}
    of_sets = [over(rounds, first, second) for rounds in sets]
    for ending in of_sets[0]:
        columns = [[a / b for a, b in pairs[ending]] for pairs in of_sets]
        means = [float(np.exp(np.mean(np.log(ratios)))) for ratios in zip(*columns, strict=False)]
        found[f"{row}{ending}"] = summary([(mean, 1.0) for mean in means])
    return found
