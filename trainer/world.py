"""The processes of one run. Rank 0 alone writes to the ledger."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from core.errors import BurnishError

T = TypeVar("T")

SMALL = 4_000_000  # parameters
PATIENCE = timedelta(hours=2)  # longest wait of one process for another (loading, evaluating, a slow disk)


@dataclass(frozen=True)
class World:
    """One process's place among them, and its device."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes to the ledger and to the disk."""
        return self.rank == 0

    @property
    def share(self) -> tuple[int, int]:
        """Which part of the micro-batches is this process's."""
        return self.rank, self.size

    def add_up(self, tensor: Tensor) -> Tensor:
        """The tensor summed over all processes, in place."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def anyone(self, yes: bool) -> bool:
        """Whether one process at least says yes."""
        if self.size == 1:
            return yes
        return bool(self.add_up(torch.tensor(float(yes), device=self.device)).item())

    def agree(self, number: int) -> int:
        """What rank 0 says."""
        if self.size == 1:
            return number
        told = torch.tensor([number], device=self.device)
        dist.broadcast(told, src=0)
        return int(told.item())

    def tell(self, value: T) -> T:
        """What rank 0 has, of any kind that pickle knows."""
        if self.size == 1:
            return value
        told = [value]
        dist.broadcast_object_list(told, src=0)
        return told[0]

    def together(self, act: Callable[[], T]) -> T:
        """Each process acts. What one of ours any of them meets is raised in all: nobody waits for who is gone."""
        done: list[T] = []
        failure: BurnishError | None = None
        try:
            done.append(act())
        except BurnishError as error:
            failure = error
        if self.size > 1:
            met: list[BurnishError | None] = [None] * self.size
            dist.all_gather_object(met, failure)
            failure = failure or next((one for one in met if one is not None), None)
        if failure is not None:
            raise failure
        return done[0]

    def lead(self, act: Callable[[], T], meanwhile: Callable[[], object] = lambda: None) -> T | None:
        """Rank 0 acts, the others do `meanwhile` and wait. What one of ours rank 0 meets is raised in all of them.

        Returns what rank 0's act returns, there alone. What another meets on the disk meanwhile it raises, once all
        have heard of rank 0.
        """
        done: T | None = None
        failure: BurnishError | OSError | None = None
        try:
            if self.leads:
                done = act()
            else:
                meanwhile()
        except BurnishError as error:
            failure = error
        except OSError as error:
            if self.leads:
                raise
            failure = error
        if told := self.tell(failure) or failure:
            raise told
        return done


def join(processes: int) -> World:
    """Meet the other processes of the run (torchrun has told each where) and take a device."""
    on_gpu = torch.cuda.is_available()
    if processes > 1:
        dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo", timeout=PATIENCE)
    rank = dist.get_rank() if processes > 1 else 0
    local = dist.get_node_local_rank(fallback_rank=0)
    device = torch.device("cuda", local) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    else:
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # untyped; costs time
    return World(rank, processes, device)


def take_threads(world: World, *, parameters: int, told: int | None) -> None:
    """Fix the thread count on a CPU: it is part of what makes two trainings equal bit for bit.

    It is what an earlier attempt took (`told`), or one for a small model, which more only slow down, or a fair share.
    """
    if world.device.type == "cpu":
        fair = 1 if parameters < SMALL else max(1, (os.cpu_count() or 1) // world.size)
        torch.set_num_threads(told or fair)


def leave(world: World) -> None:
    """Part from the other processes."""
    if world.size > 1:
        dist.destroy_process_group()
