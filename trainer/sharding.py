"""A student that the processes of a run hold together: each a part of every weight (FSDP2, arXiv 2304.11277).

Weights are gathered block by block for as long as a block computes, gradients are summed where their part is held,
and the optimizer moves each part where it is. All processes have to make the same passes.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel

from trainer.batches import MicroBatch
from trainer.logps import answer_log_probs
from trainer.student import Student
from trainer.text_model import blocks
from trainer.world import World


class AnswerLogProbs(nn.Module):
    """`answer_log_probs` as a module: around it stand what gathers the weights outside the blocks, and lets them go."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: MicroBatch) -> Tensor:
        """Log-probs of each answer: [R], float32, nats."""
        return answer_log_probs(self.model, batch)


def sharded(student: Student, world: World) -> Student:
    """The same student, of whose weights this process keeps its part on its device.

    Embedding, last norm and output layer, which may be tied, are gathered once for a pass, each block by itself.
    Weights are gathered in the type they are held in, so that arithmetic is that of a single process. Where that is
    float32 and multiplies in bfloat16, autograd keeps a copy of each until the backward pass, as a single process does.
    """
    mesh = init_device_mesh(world.device.type, (world.size,))
    whole = AnswerLogProbs(student.model)
    for part in [*blocks(student.model), whole]:
        fully_shard(part, mesh=mesh)
        assert isinstance(part, FSDPModule)
        part.set_gradient_divide_factor(1.0)  # the mean over examples is taken already
        part.set_force_sum_reduction_for_comms(True)  # a plain sum, which gloo has too
    return replace(student, whole=whole)


def let_go(student: Student) -> None:
    """Keep the parts alone of what a pass without a gradient has gathered: no backward pass comes that would do it."""
    assert isinstance(student.whole, FSDPModule)
    student.whole.reshard()


def held(tensor: Tensor) -> Tensor:
    """This process's part of a tensor; any other as it is."""
    found: Tensor = tensor.to_local() if isinstance(tensor, DTensor) else tensor
    return found


def gathered(student: Student) -> int:
    """Bytes of weights that a process has whole at a time: those outside the blocks, and the largest block's."""
    if student.whole is None:
        return 0
    inside = [_bytes(block) for block in blocks(student.model)]
    return _bytes(student.model) - sum(inside) + max(inside, default=0)


def _bytes(module: nn.Module) -> int:
    return sum(parameter.numel() * parameter.itemsize for parameter in module.parameters())


def whole(tensor: Tensor) -> Tensor:
    """A tensor with the parts of all processes, which all have to ask for it; any other as it is."""
    found: Tensor = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return found


@torch.no_grad()
def gather(student: Student, into: Student | None) -> None:
    """Copy the trained weights into an unsharded student of the same names, one weight at a time.

    Every process takes part; only those that give an `into` keep what they see.
    """
    targets = dict(into.trained()) if into else {}
    for name, parameter in student.trained():
        weight = whole(parameter)
        if into:
            targets[name].copy_(weight)
