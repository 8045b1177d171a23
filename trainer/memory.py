"""What a training holds in memory, part by part: reckoned from student and heaviest micro-batch, and measured."""

import resource
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from trainer.batches import MicroBatch
from trainer.cutting import Cutting
from trainer.logps import LOGITS_AT_ONCE, answer_log_probs
from trainer.sharing import PROBED, drawn
from trainer.step import mixed_precision
from trainer.student import Student

FLOAT = 4  # bytes
MOMENTS = 2  # that AdamW keeps of each trained weight
LEAST = 16  # tokens of a probing row
STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Load:
    """The heaviest micro-batch of a run: tokens that go through the layers, answer tokens that go through the head."""

    tokens: int
    answers: int


@dataclass(frozen=True)
class Parts:
    """Bytes that one process holds at its peak.

    process: what it holds before it loads the student, on a CPU. reference: nothing, for its log-probs are computed
    beforehand by the student itself, and with an adapter by the weights below it.
    """

    process: int
    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    reference: int = 0

    def told(self) -> dict[str, int]:
        """By name, with their sum."""
        parts = asdict(self)
        return parts | {"total": sum(parts.values())}


@dataclass(frozen=True)
class MemoryWatch:
    """The memory of this process from a moment on: of its device where that is a GPU, else what is resident."""

    device: torch.device
    begun: int  # bytes then
    room: int  # bytes that were free then, with those it held

    @classmethod
    def begin(cls, device: torch.device) -> "MemoryWatch":
        """Forget the peak so far."""
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            return cls(device, 0, torch.cuda.mem_get_info(device)[0])
        with suppress(OSError):  # where the kernel does not let us, the peak is that of the whole process
            CLEAR.write_text("5")
        held = psutil.Process().memory_info().rss
        return cls(device, held, held + psutil.virtual_memory().available)

    def peak(self) -> int:
        """The most bytes held since."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        if not STATUS.exists():  # no Linux
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024


def reckon(learner: Student, cutting: Cutting, load: Load, watch: MemoryWatch) -> Parts:
    """What training takes at its heaviest micro-batch. Costs two forward passes of a few hundred tokens."""
    trained = sum(parameter.numel() for _, parameter in learner.trained())
    config = learner.model.config.get_text_config()
    at_once = min(load.answers, max(1, LOGITS_AT_ONCE // int(config.vocab_size)))
    wide = 3 * FLOAT + (2 if learner.dtype == torch.bfloat16 else 0)  # logits, their log-softmax, a gradient
    return Parts(
        process=watch.begun,
        weights=sum(parameter.numel() * parameter.itemsize for parameter in learner.model.parameters()),
        gradients=trained * FLOAT,
        optimizer=trained * FLOAT * MOMENTS,
        activations=_activations(learner, cutting, load.tokens),
        logits=at_once * int(config.vocab_size) * wide,
    )


def _activations(learner: Student, cutting: Cutting, tokens: int) -> int:
    """What the layers keep for the backward pass: counted at two sizes, carried on along a line, and a layer more,
    which is what one of them holds while its gradient is computed.
    """
    config = learner.model.config.get_text_config()
    long = max(2 * LEAST, min(tokens, PROBED))
    (less, few), (more, many) = (_kept(learner, cutting, size) for size in (long // 2, long))
    slope = max(0.0, (many - few) / max(1, more - less))
    return int((many + slope * max(0, tokens - more)) * (1 + 1 / int(config.num_hidden_layers)))


def _kept(learner: Student, cutting: Cutting, longest: int) -> tuple[int, int]:
    """(tokens, bytes kept for backward) of one forward pass on drawn pairs; weights and logits are not counted."""
    batch = cutting.batch(drawn(int(learner.model.config.get_text_config().vocab_size), longest))
    batch = batch.to(learner.model.device)
    learner.model.train()
    count = Count.of(learner, batch)
    with saved_tensors_hooks(count.keep, lambda tensor: tensor), mixed_precision(learner):
        answer_log_probs(learner.model, batch)
    return batch.input_ids.numel(), sum(count.bytes.values())


@dataclass(frozen=True)
class Count:
    """Bytes of the storages that autograd keeps, each once."""

    apart: frozenset[int]  # storages of the weights
    logits: Sequence[int]  # their shape
    bytes: dict[int, int]

    @classmethod
    def of(cls, learner: Student, batch: MicroBatch) -> "Count":
        """An empty one."""
        weights = frozenset(p.untyped_storage().data_ptr() for p in learner.model.parameters())
        shape = (len(batch.answer_ids), int(learner.model.config.get_text_config().vocab_size))
        return cls(weights, shape, {})

    def keep(self, tensor: Tensor) -> Tensor:
        """Called with each tensor that is kept."""
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.apart and tuple(tensor.shape) != tuple(self.logits):
            self.bytes[storage.data_ptr()] = storage.nbytes()
        return tensor
