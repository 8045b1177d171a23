"""What a place is told of a run, and what it has to be able to do. Nothing here, or below, needs torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from core.settings import settings

Leaf = str | int | float | bool | None
Ending = Literal["succeeded", "failed", "left"]  # left: paused, cancelled, or for another attempt to go on with


@dataclass(frozen=True)
class Opening:
    """What is said first. Attempts at one run say the same of it, but for `step` and what their machine is.

    step: the last one that counts, 0 at the beginning; reports go on behind it. config: what was asked for, by dotted
    paths. facts: what the trainer found. link: address of the run's page, where the operator has told one.
    """

    run: str
    step: int
    config: dict[str, Leaf]
    facts: dict[str, Leaf]
    link: str | None


@dataclass(frozen=True)
class Row:
    """The finite numbers of one step, such as `train/loss` and `validation/accuracy`; `at` in unix seconds."""

    step: int
    at: float
    values: dict[str, float]


class Reporter(Protocol):
    """One run in one place, which it was opened in. A call may take its time, and raises Unavailable in vain.

    Opening a run that is there already goes on with it: no step is there twice afterwards.
    """

    @property
    def where(self) -> str:
        """What to look for there, in words; nothing that is secret."""
        ...

    def report(self, row: Row) -> None:
        """Tell one step."""
        ...

    def finish(self, ending: Ending) -> None:
        """Tell that no more will come of this attempt."""
        ...


def folder(name: str) -> Path:
    """Where the files of a place lie."""
    chosen = settings()
    return (chosen.reports_dir or chosen.data_dir / "reports").resolve() / name
