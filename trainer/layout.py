"""Where the tokens of a micro-batch stand when what both answers follow is there once: one row without padding.

The row is the B sequences of prompt and chosen answer, one after another, then the P rejected answers. A rejected
answer goes on where it leaves the chosen one: at the prompt's end, or later if both answers begin alike. Its positions
go on from there, and it sees those first tokens and itself. All but attention works on tokens one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import torch
from torch import Tensor


@dataclass(frozen=True)
class Pieces:
    """For attention sequence by sequence: masks of the rejected answers [r, shared + r], float32, added to scores."""

    masks: tuple[Tensor, ...]

    def to(self, device: torch.device) -> "Pieces":
        """The same on a device."""
        return Pieces(tuple(sent(mask, device) for mask in self.masks))


@dataclass(frozen=True)
class Runs:
    """For variable-length attention: where the B + P sequences start among the queries and among the keys, int32.

    `keys` is the row's token in each place of the keys, in which the tokens that two answers share stand twice.
    """

    queries_start: Tensor  # [B + P + 1]
    keys_start: Tensor  # [B + P + 1]
    keys: Tensor  # [K]
    most_queries: int
    most_keys: int

    def to(self, device: torch.device) -> "Runs":
        """The same on a device."""
        starts = sent(self.queries_start, device), sent(self.keys_start, device)
        return Runs(*starts, sent(self.keys, device), self.most_queries, self.most_keys)


@dataclass(frozen=True)
class Layout:
    """Tokens of the B + P sequences of a row, and how many first tokens each rejected one shares with its pair's.

    `met` holds the layers, by `id`, whose attention went by it: it cannot be seen from outside what a model passes on.
    """

    sizes: tuple[int, ...]
    shared: tuple[int, ...]  # [P]
    form: Pieces | Runs
    met: set[int] = field(default_factory=set, compare=False)

    @property
    def first(self) -> int:
        """B: the sequences of prompt and chosen answer."""
        return len(self.sizes) - len(self.shared)

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence, shared ones included."""
        behind = (shared + own for shared, own in zip(self.shared, self.sizes[self.first :], strict=True))
        return max(*self.sizes[: self.first], *behind, 0)

    def to(self, device: torch.device) -> "Layout":
        """The same on a device."""
        return replace(self, form=self.form.to(device))


def in_pieces(sizes: Sequence[int], shared: Sequence[int]) -> Layout:
    """A layout for attention sequence by sequence."""
    own = sizes[len(sizes) - len(shared) :]
    return Layout(tuple(sizes), tuple(shared), Pieces(tuple(map(_mask, shared, own))))


def in_runs(sizes: Sequence[int], shared: Sequence[int]) -> Layout:
    """A layout for variable-length attention."""
    number = len(sizes) - len(shared)
    starts = [0, *accumulate(sizes)]
    keys = [torch.arange(starts[number])]
    for place, (before, own) in enumerate(zip(shared, sizes[number:], strict=True)):
        begin = starts[number + place]
        keys += [torch.arange(starts[place], starts[place] + before), torch.arange(begin, begin + own)]
    looked_at = [*sizes[:number], *(before + own for before, own in zip(shared, sizes[number:], strict=True))]
    form = Runs(_starts(sizes), _starts(looked_at), torch.cat(keys), max(sizes), max(looked_at))
    return Layout(tuple(sizes), tuple(shared), form)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on a device; a GPU takes it without making the host wait."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _starts(sizes: Sequence[int]) -> Tensor:
    return torch.tensor([0, *accumulate(sizes)], dtype=torch.int32)


def _mask(shared: int, own: int) -> Tensor:
    """Nothing is hidden of the shared tokens, and of its own what comes later."""
    return torch.full((own, shared + own), -torch.inf).triu(shared + 1)
