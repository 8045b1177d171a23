"""Answers under way in one batch: rows join after a prefill of their own and leave when they end.

What it is not: it shares no prefixes and pages no memory. The KV cache is one tensor per layer, padded on the left.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional
from transformers import DynamicCache, PreTrainedModel

from workers.engine.frames import Frame
from workers.teachers.sampler import Sampler, choose


@dataclass
class Row:
    """One answer under way."""

    prompt: list[int]
    max_tokens: int
    stop_words: tuple[str, ...]
    sampler: Sampler
    answer: "Future[Frame]"
    ids: list[int] = field(default_factory=list)


@dataclass
class State:
    """What the batch remembers: keys and values [B, heads, T, d] per layer, and which of the T places are filled."""

    layers: list[tuple[Tensor, Tensor]]
    filled: Tensor  # [B, T] of 0 and 1


class Batch:
    """Rows of one model that take each step together."""

    def __init__(self, model: PreTrainedModel, banned: Sequence[int]) -> None:
        self._model = model
        self._banned = torch.tensor(sorted(banned), dtype=torch.long, device=model.device)
        self._state: State | None = None
        self.rows: list[Row] = []

    def admit(self, rows: Sequence[Row]) -> None:
        """Prefill the prompts of new rows, take their first token, and let them join."""
        width = max(len(row.prompt) for row in rows)
        ids = torch.zeros((len(rows), width), dtype=torch.long, device=self._model.device)
        filled = torch.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, width - len(row.prompt) :] = torch.tensor(row.prompt, device=ids.device)
            filled[number, width - len(row.prompt) :] = 1
        state = self._forward(ids, State([], filled), rows)
        self._state = state if self._state is None else _joined(self._state, state)
        self.rows += rows

    def step(self) -> None:
        """One further token for every row."""
        if self._state is None:
            return
        last = torch.tensor([[row.ids[-1]] for row in self.rows], device=self._model.device)
        filled = functional.pad(self._state.filled, (0, 1), value=1)
        self._state = self._forward(last, State(self._state.layers, filled), self.rows)

    def keep(self, rows: Sequence[Row]) -> None:
        """Let the other rows go."""
        if len(rows) == len(self.rows) or self._state is None:
            return
        wanted = [number for number, row in enumerate(self.rows) if any(row is one for one in rows)]
        self.rows = [self.rows[number] for number in wanted]
        self._state = _picked(self._state, wanted) if wanted else None

    def _forward(self, ids: Tensor, state: State, rows: Sequence[Row]) -> State:
        """Run the model on ids [B, L] that end at place T, and append the token each row takes."""
        positions = (state.filled.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        with torch.inference_mode():
            output = self._model(
                input_ids=ids,
                attention_mask=state.filled,
                position_ids=positions,
                past_key_values=DynamicCache(state.layers or None),
                use_cache=True,
                logits_to_keep=1,
            )
            logits = output.logits[:, -1].index_fill(-1, self._banned, -torch.inf)
            chosen = choose(logits, [row.sampler for row in rows]).tolist()
        for row, token in zip(rows, chosen, strict=True):
            row.ids.append(token)
        return State([(layer.keys, layer.values) for layer in output.past_key_values.layers], state.filled)


def _joined(one: State, other: State) -> State:
    width = max(one.filled.shape[1], other.filled.shape[1])
    one, other = _widened(one, width), _widened(other, width)
    pairs = zip(one.layers, other.layers, strict=True)
    layers = [(torch.cat((a[0], b[0])), torch.cat((a[1], b[1]))) for a, b in pairs]
    return State(layers, torch.cat((one.filled, other.filled)))


def _widened(state: State, width: int) -> State:
    missing = width - state.filled.shape[1]
    if missing == 0:
        return state
    pad = (0, 0, missing, 0)
    layers = [(functional.pad(keys, pad), functional.pad(values, pad)) for keys, values in state.layers]
    return State(layers, functional.pad(state.filled, (missing, 0)))


def _picked(state: State, wanted: Sequence[int]) -> State:
    """The wanted rows, without the places on the left that none of them fills."""
    filled = state.filled[wanted]
    empty = int(filled.shape[1] - filled.sum(-1).max())
    layers = [(keys[wanted][:, :, empty:], values[wanted][:, :, empty:]) for keys, values in state.layers]
    return State(layers, filled[:, empty:])
