"""The running mean and standard deviation of the gap between policy and reference, for methods that take them."""

import torch
from torch import Tensor

from trainer.pair_tensors import PairTensors

DECAY = 0.9


class RunningGap:
    """Exponential averages over the steps of all pairs' gap (nats per token) and of its square.

    Beside them runs the average of one, which both are divided by: that takes the zeros out that they begin with. All
    are float64 and stay on the device.
    """

    def __init__(self, device: torch.device) -> None:
        self.averages = torch.zeros(3, dtype=torch.float64, device=device)

    def update(self, sums: Tensor) -> None:
        """Take in a step: [3] sums over its pairs of gap, gap squared and one; nothing where it has no pair."""
        means = sums / sums[2].clamp(min=1)
        self.averages = torch.where(sums[2] > 0, DECAY * self.averages + (1 - DECAY) * means, self.averages)

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the gap, scalars in float32; zeros before the first step."""
        mean, square = self.averages[:2] / self.averages[2].clamp(min=torch.finfo(torch.float64).tiny)
        return mean.float(), (square - mean**2).clamp(min=0).sqrt().float()

    def saved(self) -> list[float]:
        """The state for a checkpoint; `restore` takes it back bit for bit."""
        return [float(value) for value in self.averages.tolist()]

    def restore(self, saved: list[float]) -> None:
        """Go on from a state of `saved`."""
        self.averages = torch.tensor(saved, dtype=torch.float64, device=self.averages.device)


def gap_sums(pairs: PairTensors) -> Tensor:
    """What `update` takes, of one micro-batch: [3], float64."""
    gap = pairs.averaged().log_ratio.detach().double()
    return torch.stack([gap.sum(), (gap**2).sum(), torch.ones_like(gap).sum()])
