"""Columns a loss takes, made by hand or drawn from a seed."""

import torch

from trainer.pair_tensors import PairTensors


def one(h: float, score_chosen: float = 0.0, score_rejected: float = 0.0) -> PairTensors:
    """One pair whose log-ratio h is spread over policy and reference, in float64."""
    return columns([[-10.0, -12.0, -10.5, -12.5 + h, score_chosen, score_rejected]])


def columns(rows: list[list[float]]) -> PairTensors:
    """Pairs from rows of (chosen, rejected, reference chosen, reference rejected, score chosen, score rejected).

    Chosen answers have five tokens, rejected ones four.
    """
    table = torch.tensor(rows, dtype=torch.float64).T
    tokens = (torch.full_like(table[0], 5.0), torch.full_like(table[0], 4.0))
    return PairTensors(*table, *tokens, table[4:5], table[5:6])


def drawn(pairs: int = 64, *, seed: int = 0, members: int = 1) -> PairTensors:
    """Random pairs in float32, log-probs around -30 nats, scores around zero; the first member's are the scores."""
    generator = torch.Generator().manual_seed(seed)
    log_probs = -30 + 5 * torch.randn(4, pairs, generator=generator)
    scores = torch.randn(2, pairs, generator=generator)
    tokens = torch.randint(3, 40, (2, pairs), generator=generator).float()
    more = torch.randn(2, members - 1, pairs, generator=generator)
    rewards = torch.cat([scores.unsqueeze(1), more], dim=1)
    return PairTensors(*log_probs, *scores, *tokens, *rewards)


def at_reference(pairs: PairTensors) -> PairTensors:
    """The same with a policy that equals its reference."""
    return pairs._replace(reference_chosen=pairs.chosen, reference_rejected=pairs.rejected)


def leaves(pairs: PairTensors) -> PairTensors:
    """The same with gradients on the policy's log-probs."""
    return pairs._replace(
        chosen=pairs.chosen.detach().clone().requires_grad_(), rejected=pairs.rejected.detach().clone().requires_grad_()
    )
