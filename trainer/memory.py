"""What a training holds in memory, part by part: reckoned from student and heaviest micro-batch, and measured."""

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor

from trainer.batches import MicroBatch
from trainer.cutting import Cutting
from trainer.logps import LOGITS_AT_ONCE
from trainer.sharding import gathered, held, let_go
from trainer.sharing import PROBED, drawn
from trainer.step import log_probs
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
    """What training takes at its heaviest micro-batch. Costs two or four forward passes of a few hundred tokens.

    Of a student that is held together this process's part, and what it gathers for a pass; all have to ask for it.
    """
    trained = sum(held(parameter).numel() for _, parameter in learner.trained())
    config = learner.model.config.get_text_config()
    at_once = min(load.answers, max(1, LOGITS_AT_ONCE // int(config.vocab_size)))
    wide = 3 * FLOAT + (2 if learner.dtype == torch.bfloat16 else 0)  # logits, their log-softmax, a gradient
    return Parts(
        process=watch.begun,
        weights=sum(held(parameter).nbytes for parameter in learner.model.parameters()) + gathered(learner),
        gradients=trained * FLOAT,
        optimizer=trained * FLOAT * MOMENTS,
        activations=_activations(learner, cutting, load.tokens),
        logits=at_once * int(config.vocab_size) * wide,
    )


def _activations(learner: Student, cutting: Cutting, tokens: int) -> int:
    """What the layers keep for the backward pass, and what one of them holds while its gradient is computed.

    That is as much again as it keeps, or with gradient checkpointing all that it computes anew.
    """
    layers = int(learner.model.config.get_text_config().num_hidden_layers)
    kept = _carried_on(learner, cutting, tokens, training=True)
    recomputed = learner.model.is_gradient_checkpointing
    whole = _carried_on(learner, cutting, tokens, training=False) if recomputed else kept
    return int(kept + whole / layers)


def _carried_on(learner: Student, cutting: Cutting, tokens: int, *, training: bool) -> float:
    """Bytes that are kept of so many tokens: counted at two sizes and carried on along a line.

    Layers compute anew in training alone.
    """
    long = max(2 * LEAST, min(tokens, PROBED))
    (less, few), (more, many) = (_kept(learner, cutting, size, training=training) for size in (long // 2, long))
    slope = max(0.0, (many - few) / max(1, more - less))
    return many + slope * max(0, tokens - more)


def _kept(learner: Student, cutting: Cutting, longest: int, *, training: bool) -> tuple[int, int]:
    """(tokens, bytes kept for backward) of one forward pass on drawn pairs; weights and logits are not counted."""
    batch = cutting.batch(drawn(int(learner.model.config.get_text_config().vocab_size), longest))
    batch = batch.to(learner.model.device)
    learner.model.train(training)
    count = Count.of(learner, batch)
    with saved_tensors_hooks(count.keep, lambda tensor: tensor), count.gathering(learner):
        log_probs(learner, batch)
    return batch.input_ids.numel(), sum(count.bytes.values())


@dataclass(frozen=True)
class Count:
    """Bytes of the storages that autograd keeps, each once."""

    apart: frozenset[int]  # storages of the weights
    logits: Sequence[int]  # their shape
    bytes: dict[int, int] = field(default_factory=dict)
    lent: dict[nn.Module, frozenset[int]] = field(default_factory=dict)  # storages of weights gathered at the moment

    @classmethod
    def of(cls, learner: Student, batch: MicroBatch) -> "Count":
        """An empty one."""
        shape = (len(batch.answer_ids), int(learner.model.config.get_text_config().vocab_size))
        return cls(storages(learner.model), shape)

    @contextmanager
    def gathering(self, learner: Student) -> Iterator[None]:
        """Weights that are gathered for a pass are weights too, until they are let go: their memory is used again."""
        parts = [part for part in (learner.whole or learner.model).modules() if isinstance(part, FSDPModule)]
        hooks = [part.register_forward_pre_hook(self._lend) for part in parts]
        hooks += [part.register_forward_hook(self._let_go) for part in parts]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            if learner.whole is not None:
                let_go(learner)

    def _lend(self, part: nn.Module, _: object) -> None:
        self.lent[part] = storages(part)

    def _let_go(self, part: nn.Module, _: object, __: object) -> None:
        del self.lent[part]

    def keep(self, tensor: Tensor) -> Tensor:
        """Called with each tensor that is kept."""
        storage = tensor.untyped_storage()
        place = storage.data_ptr()
        weight = place in self.apart or any(place in lent for lent in self.lent.values())
        if not weight and tuple(tensor.shape) != tuple(self.logits):
            self.bytes[place] = storage.nbytes()
        return tensor


def storages(module: nn.Module) -> frozenset[int]:
    """Where the weights are that are whole."""
    return frozenset(p.untyped_storage().data_ptr() for p in module.parameters() if not isinstance(p, DTensor))
