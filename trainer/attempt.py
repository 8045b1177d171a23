"""One attempt at a run: what is trained, where its files go, and the ledger it tells."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.configs.run import RunConfig
from core.settings import settings
from trainer.record import Record
from trainer.world import World

PACKAGES = ("torch", "transformers", "tokenizers", "peft", "safetensors", "numpy")


@dataclass(frozen=True)
class Attempt:
    """A run under one claim. `student` is the checked folder of the untuned model."""

    config: RunConfig
    student: Path
    record: Record
    world: World
    threads: int | None = None  # that an earlier attempt took

    @property
    def run_folder(self) -> Path:
        """All files of the run."""
        return settings().data_dir.resolve() / "runs" / self.record.run_id

    @property
    def folder(self) -> Path:
        """The files of this attempt: no other holder of the run writes here."""
        return self.run_folder / f"attempt-{self.record.claim.token}"

    def relative(self, path: Path) -> str:
        """A path as the ledger keeps it: under the data folder."""
        return str(path.relative_to(settings().data_dir.resolve()))

    def facts(self) -> dict[str, Any]:
        """What every manifest of the run says."""
        return {
            "run": self.record.run_id,
            "dataset": self.record.claim.dataset_id,
            "token": self.record.claim.token,
            "config": self.config.model_dump(mode="json"),
            "versions": versions(),
        }


def versions() -> dict[str, str]:
    """Releases of what the numbers depend on."""
    return {name: version(name) for name in PACKAGES}
