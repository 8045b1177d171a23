"""Sampling the next token of many rows, each with settings and a random generator of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sampler:
    """How one row is sampled. Temperature 0 takes the likeliest token; `top_k` 0 keeps all."""

    temperature: float
    top_p: float
    top_k: int
    noise: torch.Generator


def choose(logits: Tensor, samplers: Sequence[Sampler]) -> Tensor:
    """Next token of each row: logits [B, V] -> ids [B].

    A row's draw depends on its own logits and generator alone: argmax of p/q with q exponential is a draw from p.
    """
    logits = logits.float()
    chosen = logits.argmax(-1)
    hot = [row for row, sampler in enumerate(samplers) if sampler.temperature > 0]
    if hot:
        kept = [samplers[row] for row in hot]
        odds = torch.softmax(_filtered(logits[hot], kept), dim=-1)
        noise = torch.empty_like(odds)
        for row, sampler in enumerate(kept):
            noise[row].exponential_(generator=sampler.noise)
        chosen[hot] = (odds / noise).argmax(-1)
    return chosen


def _filtered(logits: Tensor, samplers: Sequence[Sampler]) -> Tensor:
    """Divide by the temperature and drop what top-k and top-p leave out: [B, V] -> [B, V]."""
    size = logits.shape[-1]
    logits = logits / _column([s.temperature for s in samplers], logits)
    if all(s.top_p >= 1 and s.top_k == 0 for s in samplers):
        return logits
    ordered, order = logits.sort(dim=-1, descending=True)
    rank = torch.arange(size, device=logits.device).expand_as(ordered)
    odds = torch.softmax(ordered, dim=-1)
    before = odds.cumsum(-1) - odds  # what stands above a token; the first one is always kept
    out = rank >= _column([s.top_k or size for s in samplers], logits)
    out |= before >= _column([s.top_p if s.top_p < 1 else 2.0 for s in samplers], logits)
    return ordered.masked_fill(out, -torch.inf).gather(-1, order.argsort(-1))


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=like.device).unsqueeze(-1)
