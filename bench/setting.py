"""What both trainers are given: a student's folder, the pairs of a set, a batch, a device, an arithmetic."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from bench.sets import chats, lengths


@dataclass(frozen=True)
class Setting:
    """`batches` of `batch` pairs of the set `name`. `auto` is bfloat16 on a GPU that has it, float32 elsewhere."""

    folder: Path
    name: str
    batch: int
    batches: int
    device: torch.device
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"

    def rows(self) -> list[dict[str, Any]]:
        """The pairs as chats."""
        return chats(lengths(self.name, self.batch * self.batches))


def wait(device: torch.device) -> None:
    """Until the device has done what it was told: a clock is read behind it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
