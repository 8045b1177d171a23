"""Windows of work in alternation: A B B A, A B B A, ...; each such round is one pair of summed windows."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.ratio import summary


@dataclass(frozen=True)
class Window:
    """So many units of work, in so many seconds, for so many CPU-seconds."""

    units: int
    seconds: float
    cpu: float

    def __add__(self, other: "Window") -> "Window":
        return Window(self.units + other.units, self.seconds + other.seconds, self.cpu + other.cpu)

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.units / self.seconds

    @property
    def thrift(self) -> float:
        """Units a CPU-second."""
        return self.units / self.cpu


Side = Callable[[int], Window]  # it is told the number of its window
Pair = tuple[Window, Window]


def measured(work: Callable[[], int], cpu: Callable[[], float]) -> Window:
    """Do the work, which says how many units it was."""
    worked, begun = cpu(), time.perf_counter()
    units = work()
    return Window(units, time.perf_counter() - begun, cpu() - worked)


def rounds(first: Side, second: Side, numbers: Sequence[int]) -> list[Pair]:
    """A round takes two numbers; both sides get both, and each goes first once: A(1) B(1) B(2) A(2)."""
    pairs: list[Pair] = []
    for one, other in zip(numbers[::2], numbers[1::2], strict=True):
        a, b = first(one), second(one)
        b += second(other)
        pairs.append((a + first(other), b))
        print(f"round {len(pairs)} of {len(numbers) // 2}: {a.seconds + b.seconds:.0f} s", file=sys.stderr, flush=True)
    return pairs


def ratios(name: str, pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """Summary rows: `<name>` of the rates, and `<name>/cpu` of the work done in a CPU-second."""
    return {
        name: summary([(a.rate, b.rate) for a, b in pairs]),
        f"{name}/cpu": summary([(a.thrift, b.thrift) for a, b in pairs]),
    }


def rows(pairs: Sequence[Pair], first: str, second: str) -> list[dict[str, Any]]:
    """The raw rows."""
    return [{first: asdict(a), second: asdict(b)} for a, b in pairs]
