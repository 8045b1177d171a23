"""Watching work until it ends: bars with ETA on a terminal, plain lines elsewhere, nothing with --json."""

import time
from collections.abc import Callable
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from client.burnish import Burnish
from client.command.output import console, seconds
from client.stages import Snapshot, Stage, of_dataset, of_distillation, of_run, of_sweep

LOOK_SECONDS = 1.0
LINE_SECONDS = 3.0


class Board(Protocol):
    """Where snapshots are shown."""

    def show(self, snapshot: Snapshot) -> None:
        """Show how far it is."""

    def close(self) -> None:
        """Nothing more comes."""


def watch(burnish: Burnish, id: str, *, quiet: bool = False) -> Snapshot:
    """Follow a dataset, run, sweep or distillation until it ends; returns how."""
    look = looker(burnish, id)
    board: Board = Silence() if quiet else Bars() if console.is_terminal else Lines()
    try:
        while True:
            snapshot = look()
            board.show(snapshot)
            if snapshot.ended:
                return snapshot
            time.sleep(LOOK_SECONDS)
    finally:
        board.close()


def looker(burnish: Burnish, id: str) -> Callable[[], Snapshot]:
    """How to see the thing that has this id."""
    if id.startswith("ds_"):
        return lambda: of_dataset(burnish.datasets.get(id))
    if id.startswith("run_"):
        return lambda: of_run(burnish.runs.get(id))
    if id.startswith("sweep_"):
        return lambda: of_sweep(burnish.sweeps.get(id))
    return lambda: of_distillation(burnish.distillations.get(id))


class Silence:
    """Shows nothing."""

    def show(self, snapshot: Snapshot) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Bars:
    """One bar for each stage, redrawn in place."""

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[eta]}", style="cyan", markup=False),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            TimeElapsedColumn(),
            console=console,
        )
        self.bars: dict[str, TaskID] = {}
        self.progress.start()

    def show(self, snapshot: Snapshot) -> None:
        """Move the bars."""
        for stage in snapshot.stages:
            if stage.name not in self.bars:
                self.bars[stage.name] = self.progress.add_task(stage.title, start=False, total=None, eta="", note="")
            self._move(self.bars[stage.name], stage)

    def _move(self, bar: TaskID, stage: Stage) -> None:
        finished = stage.total is not None and stage.done >= stage.total
        if stage.done and not self.progress.tasks[bar].started:
            self.progress.start_task(bar)
        eta = f"{seconds(stage.remaining)} left" if stage.remaining and not finished else ""
        self.progress.update(bar, completed=stage.done, total=stage.total, eta=eta, note=stage.note)
        if finished and stage.done:
            self.progress.stop_task(bar)

    def close(self) -> None:
        """Leave the bars where they are."""
        self.progress.stop()


class Lines:
    """A line when something moved, a few seconds apart."""

    def __init__(self) -> None:
        self.said: dict[str, tuple[int, float]] = {}
        self.status = ""

    def show(self, snapshot: Snapshot) -> None:
        """Say what moved."""
        if snapshot.status != self.status:
            self.status = snapshot.status
            console.print(f"{snapshot.id}: {snapshot.status}", markup=False, highlight=False)
        for stage in snapshot.stages:
            self._say(stage)

    def _say(self, stage: Stage) -> None:
        before, at = self.said.get(stage.name, (0, 0.0))
        finished = stage.total is not None and stage.done >= stage.total
        if stage.done == before or not (finished or time.monotonic() - at >= LINE_SECONDS):
            return
        self.said[stage.name] = (stage.done, time.monotonic())
        eta = f", {seconds(stage.remaining)} left" if stage.remaining and not finished else ""
        note = f", {stage.note}" if stage.note else ""
        total = "?" if stage.total is None else stage.total
        console.print(f"  {stage.title}: {stage.done} of {total}{eta}{note}", markup=False, highlight=False)

    def close(self) -> None:
        """Nothing."""
