"""Torch's variable-length attention on a CPU, where it has no kernel: by its definition, with its gradient."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import varlen

States = tuple[Tensor, Tensor, Tensor]


def on_cpu() -> None:
    """Give torch's operation a kernel for tensors on the CPU, for as long as the process lives."""
    varlen._varlen_attn.register_kernel("cpu")(_forward)
    varlen._varlen_attn_backward.register_kernel("cpu")(_backward)


def _forward(
    query: Tensor, key: Tensor, value: Tensor, cu_seq_q: Tensor, cu_seq_k: Tensor, max_q: int, max_k: int,
    is_causal: bool = False, scale: float | None = None, *_: Any, **__: Any,
) -> States:  # fmt: skip
    assert is_causal
    assert (cu_seq_q.diff().max(), cu_seq_k.diff().max()) == (max_q, max_k)
    parts = [_weights(q, k, scale) @ v for q, k, v in _sequences((query, key, value), cu_seq_q, cu_seq_k)]
    out = torch.cat(parts, dim=1).transpose(0, 1).contiguous()
    return out, torch.zeros(query.size(1), len(query)), torch.zeros(2, dtype=torch.uint64)


def _backward(
    grad_out: Tensor, query: Tensor, key: Tensor, value: Tensor, out: Tensor, lse: Tensor,
    cu_seq_q: Tensor, cu_seq_k: Tensor, max_q: int, max_k: int, is_causal: bool, rng_state: Tensor,
    scale: float | None = None, window_size: list[int] | None = None,
) -> States:  # fmt: skip
    factor, groups = scale or query.size(2) ** -0.5, query.size(1) // key.size(1)
    found: list[States] = []
    gradients = grad_out.transpose(0, 1).split(cu_seq_q.diff().tolist(), dim=1)
    sequences = _sequences((query, key, value), cu_seq_q, cu_seq_k)
    for gradient, (q, k, v) in zip(gradients, sequences, strict=True):
        weights = _weights(q, k, scale)
        of_weights = gradient @ v.mT
        scores = weights * (of_weights - (of_weights * weights).sum(-1, keepdim=True)) * factor
        found.append((scores @ k, scores.mT @ q, weights.mT @ gradient))
    of_query, of_key, of_value = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
    of_key, of_value = (part.unflatten(0, (-1, groups)).sum(1) for part in (of_key, of_value))
    told = (part.transpose(0, 1).contiguous() for part in (of_query, of_key, of_value))
    return next(told), next(told), next(told)


def _sequences(states: States, queries_start: Tensor, keys_start: Tensor) -> list[States]:
    """The sequences, each [H, length, D]; keys and values once for each head of the queries."""
    query, key, value = (state.transpose(0, 1) for state in states)
    key, value = (state.repeat_interleave(len(query) // len(state), 0) for state in (key, value))
    queries, keys = queries_start.diff().tolist(), keys_start.diff().tolist()
    return list(zip(query.split(queries, 1), key.split(keys, 1), value.split(keys, 1), strict=True))


def _weights(query: Tensor, key: Tensor, scale: float | None) -> Tensor:
    """Attention weights [H, queries, keys]; the causal triangle ends where queries and keys end."""
    scores = query @ key.mT * (scale or query.size(2) ** -0.5)
    seen = torch.ones(scores.shape[1:], dtype=torch.bool).tril(key.size(1) - query.size(1))
    return scores.masked_fill(~seen, -torch.inf).softmax(-1)
