"""What the steps of a run forward, known before one is taken: how a step is cut depends on nothing but lengths."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.cutting import Cutting
from trainer.memory import Load
from trainer.order import Order
from trainer.pairs import TrainingPairs


@dataclass(frozen=True)
class Profile:
    """Of each step of the first epoch: tokens that are forwarded, padding included, and micro-batches.

    Later epochs deal the same pairs into other steps. `heaviest`: the step, from 1, with the largest micro-batch.
    """

    order: Order
    tokens: NDArray[np.int64]
    micro_batches: NDArray[np.int64]
    heaviest: int
    load: Load

    @property
    def total_tokens(self) -> int:
        """Tokens that are forwarded in all epochs."""
        return int(self.tokens.sum()) * self.order.epochs

    def told(self) -> dict[str, Any]:
        """For the report."""
        return {
            "total": self.order.total_steps,
            "per_epoch": self.order.steps_per_epoch,
            "tokens_per_step": float(self.tokens.mean()),
            "micro_batches_per_step": float(self.micro_batches.mean()),
            "heaviest_micro_batch_tokens": self.load.tokens,
        }


def profile(pairs: TrainingPairs, cutting: Cutting, order: Order) -> Profile:
    """The profile of the first epoch, by the cutting of its steps."""
    lengths, once = cutting.lengths(pairs.train), cutting.once(pairs.train)
    answers = once - pairs.train.parts()[:, 0]
    tokens, number, loads = [], [], []
    for step in range(1, order.steps_per_epoch + 1):
        chosen = np.array(order.batch(step))
        chosen = chosen[np.argsort(lengths[chosen], kind="stable")]
        cuts = [chosen[a:b] for a, b in pairwise(cutting.starts(lengths[chosen], once[chosen]))]
        sizes = [_size(cutting, lengths[cut], once[cut]) for cut in cuts]
        largest = int(np.argmax(sizes))
        tokens.append(sum(sizes))
        number.append(len(cuts))
        loads.append(Load(sizes[largest], int(answers[cuts[largest]].sum())))
    heaviest = int(np.argmax([load.tokens for load in loads]))
    return Profile(order, np.array(tokens), np.array(number), heaviest + 1, loads[heaviest])


def forwarded(cutting: Cutting, lengths: NDArray[np.int32], once: NDArray[np.int32]) -> NDArray[np.int64]:
    """Tokens that a pass over pairs forwards, the shortest first: of each micro-batch, padding included."""
    cuts = pairwise(cutting.starts(lengths, once))
    return np.array([_size(cutting, lengths[a:b], once[a:b]) for a, b in cuts], np.int64)


def _size(cutting: Cutting, lengths: NDArray[np.int32], once: NDArray[np.int32]) -> int:
    rows = 2 if cutting.both else 1
    return int(rows * len(lengths) * lengths.max() if cutting.form == "rows" else once.sum())
