"""The stages of a dataset: how far each is, and the time it still takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.schemas.counts import Counts, Remaining
from api.schemas.dataset import DatasetObject, remaining
from core.queries.rows import AnyRow
from core.states import ENDED

TITLES = {
    "gather": ("Read the source", "rows"),
    "grow": ("Write prompts", "prompts"),
    "generate": ("Draft, critique, revise", "chains"),
    "score": ("Score", "scorings"),
    "pair": ("Pair and filter", "pairs"),
    "sift": ("Filter as a whole", "pairs"),
    "push": ("Push to the hub", "parts"),
}


@dataclass(frozen=True)
class StageBar:
    """One stage: what its shards have counted, and what it still takes while it is under way."""

    title: str
    noun: str
    counts: Counts
    remaining: Remaining | None

    @property
    def share(self) -> float:
        """What has ended, well or badly."""
        done = self.counts.completed + self.counts.failed
        return min(done / self.counts.total, 1.0) if self.counts.total else 0.0


def stage_bars(dataset: DatasetObject, rows: Sequence[AnyRow]) -> list[StageBar]:
    """The stages that a dataset has, begun or not; `rows` as `core.queries.stages` gives them."""
    found = {row.stage: row for row in rows}
    coming = _coming(dataset)
    bars = [_bar(name, dataset, found.get(name), coming.get(name, 0)) for name in TITLES]
    return [bar for bar in bars if bar.counts.total]


def _coming(dataset: DatasetObject) -> dict[str, int]:
    """Rows of each stage that are expected while it is under way; imported pairs are read, not generated."""
    if dataset.status in ENDED:
        return {}
    expected = {name: stage.total for name, stage in dataset.stages.items()}
    scorers = sum(reward.kind != "given" for reward in dataset.config.reward)
    chains = dataset.request_counts.total - dataset.request_counts.failed
    if dataset.config.pairs is not None:
        expected["gather"] = expected.pop("generate", 0)
    return expected | {"score": max(expected.get("score", 0), chains * scorers)}


def _bar(name: str, dataset: DatasetObject, row: AnyRow | None, coming: int) -> StageBar:
    total, completed, failed = (int(row.total), int(row.completed), int(row.failed)) if row else (0, 0, 0)
    seconds = float(row.seconds) if row is not None and row.seconds is not None else None
    counts = {"total": max(total, coming, completed + failed), "completed": completed, "failed": failed}
    left = remaining(counts, seconds) if dataset.status == "in_progress" else None
    return StageBar(*TITLES[name], Counts.model_validate(counts), left)
