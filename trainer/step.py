"""One optimizer step: forward and backward over its micro-batches, one clipped update."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from core.seeds import derive_seed
from trainer.batches import MicroBatch
from trainer.logps import answer_log_probs
from trainer.objective import SUMS, Objective, pair_tensors
from trainer.running_gap import RunningGap, gap_sums
from trainer.sharding import let_go, whole
from trainer.student import Student
from trainer.world import World


@dataclass(frozen=True)
class Stepper:
    """Takes steps with one student, optimizer and objective."""

    student: Student
    optimizer: AdamW
    objective: Objective
    world: World
    max_grad_norm: float

    def step(self, batches: Sequence[MicroBatch], *, examples: int, seed: int) -> Tensor:
        """Update the student once. Returns [len(SUMS) + 1] on the device: the sums of all processes, the gradient norm.

        batches: the micro-batches of this process, as many as any other has; examples: pairs and anchors of all
        processes, which the mean is taken over. Each micro-batch draws its dropout from (seed, its number), whichever
        process it falls to.
        """
        self.student.model.train()
        if self.objective.running is not None:
            self._look_ahead(batches, self.objective.running, seed)
        sums = torch.zeros(len(SUMS), device=self.world.device)
        for batch in batches:
            torch.manual_seed(derive_seed(seed, batch.number))
            total, counted = self._forward(batch.to(self.world.device))
            (total / examples).backward()
            sums += counted
        norm = self._update()
        return torch.cat([self.world.add_up(sums), norm.reshape(1)])

    @torch.no_grad()
    def measure(self, batches: Iterable[MicroBatch]) -> Tensor:
        """The sums [len(SUMS)] of all processes without an update."""
        self.student.model.eval()
        sums = torch.zeros(len(SUMS), device=self.world.device)
        for batch in batches:
            sums += self._forward(batch.to(self.world.device))[1]
        return self.world.add_up(sums)

    @torch.no_grad()
    def each(self, batch: MicroBatch) -> Tensor:
        """Loss and margin of each pair of a micro-batch without anchors, [2, P], without an update."""
        self.student.model.eval()
        return self.objective.each(self._log_probs(batch), batch)

    def _forward(self, batch: MicroBatch) -> tuple[Tensor, Tensor]:
        return self.objective(self._log_probs(batch), batch)

    def _log_probs(self, batch: MicroBatch) -> Tensor:
        return log_probs(self.student, batch)

    @torch.no_grad()
    def _look_ahead(self, batches: Iterable[MicroBatch], running: RunningGap, seed: int) -> None:
        """Bring the running gap up to date with the whole step before its first loss, however the step is cut.

        It costs a forward pass, with the dropout of the one that follows.
        """
        sums = torch.zeros(3, dtype=torch.float64, device=self.world.device)
        for batch in batches:
            torch.manual_seed(derive_seed(seed, batch.number))
            moved = batch.to(self.world.device)
            sums += gap_sums(pair_tensors(self._log_probs(moved), moved))
        running.update(self.world.add_up(sums))

    def _update(self) -> Tensor:
        """Clip by the norm of the whole gradient, which each process holds its part of, and move the weights."""
        parameters = [parameter for _, parameter in self.student.trained()]
        norm = whole(nn.utils.clip_grad_norm_(parameters, self.max_grad_norm))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return norm


def log_probs(student: Student, batch: MicroBatch) -> Tensor:
    """Log-probs [R] of a micro-batch's answers, nats: in the student's arithmetic, wherever its weights are."""
    with mixed_precision(student):
        if student.whole is None:
            return answer_log_probs(student.model, batch)
        found: Tensor = student.whole(batch)
    if not torch.is_grad_enabled():
        let_go(student)
    return found


def mixed_precision(student: Student) -> AbstractContextManager[object]:
    """bfloat16 arithmetic around float32 weights where the student trains so; otherwise nothing.

    Narrow copies of weights are held for the whole pass, but not where activations are computed anew to save memory.
    """
    if student.dtype == torch.bfloat16:
        held = not student.model.is_gradient_checkpointing
        return torch.autocast(student.model.device.type, dtype=torch.bfloat16, cache_enabled=held)
    return nullcontext()
