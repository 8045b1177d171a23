"""Where a dataset, a run or a distillation stands, as a list of stages with counts."""

from dataclasses import dataclass

from client.models import Counts, Dataset, Distillation, Remaining, Run
from client.run_tables import Sweep

ENDED = ("completed", "succeeded", "failed", "cancelled")
GOOD = ("completed", "succeeded")
TITLES = {
    "gather": "read the source",
    "grow": "write prompts",
    "generate": "draft, critique, revise",
    "score": "score",
    "pair": "pair",
    "sift": "filter as a whole",
    "train": "train",
    "probe": "probe",
    "answer": "answer held-out prompts",
    "judge": "judge",
}


@dataclass(frozen=True)
class Stage:
    """One bar: `total` None while it is unknown."""

    name: str
    done: int
    total: int | None
    remaining: float | None = None
    note: str = ""

    @property
    def title(self) -> str:
        """What people read."""
        return TITLES.get(self.name, self.name)


@dataclass(frozen=True)
class Snapshot:
    """A moment of something that is followed."""

    id: str
    status: str
    stages: tuple[Stage, ...]
    error: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    @property
    def good(self) -> bool:
        """Whether it ended as it was meant to."""
        return self.status in GOOD


def of_dataset(dataset: Dataset) -> Snapshot:
    """Where prompts come from, if not from the behavior; generate, score, pair; filters over all pairs, if there are.

    The first open one says how long.
    """
    names = [name for name in ("gather", "grow", "generate", "score", "pair", "sift") if name in dataset.stages]
    counted = {name: dataset.stages[name] for name in names}
    first = next((name for name, one in counted.items() if one.completed + one.failed < one.total), None)
    stages = tuple(
        _counted(name, counts, dataset.seconds_remaining if name == first else None) for name, counts in counted.items()
    )
    return Snapshot(dataset.id, dataset.status, stages, dataset.error)


def of_run(run: Run) -> Snapshot:
    """Train, answer, judge."""
    loss = (run.metrics or {}).get("loss")
    note = f"loss {loss:.4f}" if loss is not None else ""
    remaining = run.seconds_remaining.seconds if run.seconds_remaining else None
    train = Stage("probe" if run.dry_run else "train", run.step, run.total_steps, remaining, note)
    found = run.stages or {}
    rest = tuple(_counted(name, found[name], None) for name in ("answer", "judge") if name in found)
    return Snapshot(run.id, run.status, (train, *rest), run.error)


def of_sweep(sweep: Sweep) -> Snapshot:
    """A bar for each run: its steps, or where it stands when it takes none."""
    rows = sweep.summary or []
    stages = tuple(
        Stage(f"run {place + 1}", row.step, row.total_steps, note=row.status) for place, row in enumerate(rows)
    )
    return Snapshot(sweep.id, sweep.status, stages, next((row.error for row in rows if row.error), None))


def of_distillation(distillation: Distillation) -> Snapshot:
    """The stages of its dataset and of its run."""
    dataset = of_dataset(distillation.dataset_object).stages if distillation.dataset_object else ()
    run = of_run(distillation.run_object).stages if distillation.run_object else (Stage("train", 0, None),)
    return Snapshot(distillation.id, distillation.status, dataset + run, distillation.error)


def _counted(name: str, counts: Counts, remaining: Remaining | None) -> Stage:
    note = f"{counts.failed} failed" if counts.failed else ""
    done = counts.completed + counts.failed
    return Stage(name, done, counts.total, remaining.seconds if remaining else None, note)
