"""A few steps on a student that nobody keeps: how long they take."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from core.seeds import derive_seed
from trainer.batches import MicroBatch, Reference, parted, shared_out
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.metrics import finite
from trainer.optimizer import set_rate
from trainer.reference import of_batch
from trainer.step import Stepper
from trainer.student import Student
from trainer.world import World

MOST = 16  # micro-batches of a probing step for each process, the largest ones: more would take no more memory


@dataclass(frozen=True)
class Timed:
    """Tokens that went through the student, in all processes, and the seconds it took."""

    tokens: int
    seconds: float
    gradient_norm: float | None = None

    @property
    def per_token(self) -> float:
        """Seconds."""
        return self.seconds / max(1, self.tokens)


def largest(cutting: Cutting, pairs: Sequence[EncodedPair], *, processes: int) -> list[EncodedPair]:
    """The pairs of a step's largest micro-batches."""
    ordered = sorted(pairs, key=lambda pair: cutting.seen(pair).length)
    seen = [cutting.seen(pair) for pair in ordered]
    starts = cutting.starts([pair.length for pair in seen], [pair.once for pair in seen])
    return ordered[starts[-1 - min(MOST * processes, len(starts) - 1)] :]


def forward(base: Student, cutting: Cutting, pairs: Sequence[EncodedPair], world: World) -> tuple[Reference, Timed]:
    """Log-probs of some pairs under the reference, and how long it takes all processes, each of which takes a share."""
    whole = sorted(parted(pairs)[0], key=lambda pair: pair.length)
    begun, rows, tokens = time.monotonic(), list[list[float]](), 0
    base.model.eval()
    for batch in cutting.batches(whole):
        rows += of_batch(base, batch.to(world.device)).T.tolist()
        tokens += batch.input_ids.numel()
    found = {pair.id: (chosen, rejected) for pair, (chosen, rejected) in zip(whole, rows, strict=True)}
    return found, Timed(tokens * world.size, _since(begun, world))


def step(stepper: Stepper, batches: Sequence[MicroBatch], *, seed: int) -> Timed:
    """Take a step at a rate of zero, which moves no weight, and time it."""
    set_rate(stepper.optimizer, 0.0)
    world, examples = stepper.world, sum(batch.pairs + batch.anchors for batch in batches)
    begun = time.monotonic()
    sums = stepper.step(shared_out(batches, world.share), examples=examples, seed=derive_seed(seed, "probe"))
    return Timed(_tokens(batches), _since(begun, world), finite(float(sums[-1])))


def _tokens(batches: Iterable[MicroBatch]) -> int:
    return sum(batch.input_ids.numel() for batch in batches)


def _since(begun: float, world: World) -> float:
    if world.device.type == "cuda":
        torch.cuda.synchronize(world.device)
    return time.monotonic() - begun
