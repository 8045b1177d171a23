"""Weights & Biases: the run under its own id in the operator's project; nothing about the machine is sent.

The client reads where it is from its own environment (WANDB_BASE_URL, WANDB_ENTITY, WANDB_MODE).
"""

import os
from dataclasses import dataclass
from pathlib import Path

import wandb

from core.errors import Unavailable
from core.settings import settings
from trainer.reporting.reporter import Ending, Opening, Row, folder
from trainer.reporting.serve import serve

OPEN_SECONDS = 60.0  # longest wait for the server at the beginning


@dataclass(frozen=True)
class Project:
    """One run in W&B's project. The steps it has already are passed over: its own come in order, each once.

    `mark` keeps the last step of a run that has no server to ask: each attempt is a folder of its own to be synced.
    """

    run: wandb.Run
    first: int  # the next step it takes
    mark: Path | None

    @property
    def where(self) -> str:
        """The run's address; without a server the name of what is synced later."""
        return str(self.run.url) if self.mark is None else f"offline run {self.run.id}"

    def report(self, row: Row) -> None:
        """Hand a step to the client, which sends it in its own time."""
        if row.step < self.first:
            return
        if self.mark is not None:
            _mark(self.mark, row.step)
        self.run.log(row.values, step=row.step, commit=True)

    def finish(self, ending: Ending) -> None:
        """Wait until everything is sent."""
        if ending == "left":
            self.run.mark_preempting()
        self.run.finish(exit_code=0 if ending == "succeeded" else 1)


def open_project(opening: Opening) -> Project:
    """Begin the run, or go on with it."""
    into = folder("wandb")
    try:
        into.mkdir(parents=True, exist_ok=True)
        run = wandb.init(
            project=settings().reports_project,
            id=opening.run,
            name=opening.run,
            notes=opening.link,
            resume="allow",
            allow_val_change=True,
            dir=into,
            config=opening.config | {f"facts.{name}": value for name, value in opening.facts.items()},
            settings=_quiet(),
        )
    except (wandb.Error, OSError) as error:
        raise Unavailable(f"Weights & Biases does not take the run: {error}") from error
    mark = into / f"{opening.run}.step" if run.offline else None
    return Project(run, run.step if mark is None else _marked(mark) + 1, mark)


def _quiet() -> wandb.Settings:
    """Nothing on the terminal; no code, no machine, no console goes along."""
    return wandb.Settings(
        console="off",
        silent=True,
        disable_code=True,
        disable_git=True,
        disable_job_creation=True,
        host="burnish",
        init_timeout=OPEN_SECONDS,
        save_code=False,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )


def _marked(mark: Path) -> int:
    return int(mark.read_text()) if mark.exists() else 0


def _mark(mark: Path, step: int) -> None:
    """Before the step is handed over: one that is killed in between lacks a step, and has none twice."""
    beside = mark.with_suffix(".new")
    beside.write_text(str(step))
    os.replace(beside, mark)


if __name__ == "__main__":
    serve(open_project)
