"""Reward distillation: the implicit rewards are fitted to scores."""

from collections.abc import Sequence

import torch
from torch import Tensor

from trainer.pair_tensors import PairTensors


def reward_distillation(pairs: PairTensors, *, beta: float, tau: Sequence[float], gamma: float) -> Tensor:
    """The implicit margin is to equal the score difference of a scorer: of the one among several that it is nearest to.

    z = beta * h, d_k = (s_w - s_l) / tau_k by member k;  L = min_k (d_k - z)^2 + gamma * KL(reference || policy), with
    the KL estimated on the pair's answers.  (arXiv 2405.19316; the minimum is taken pair by pair, which is our reading)
    The label is not needed: a swap of the pair changes no bit.

    pairs: log-probs [B], rewards [K, B], float32. beta: 1/nats, above zero. tau: K scales in their scorer's unit, above
    zero. gamma: 1/nats. Returns the losses, [B], unreduced; NaN where a reward is missing.
    """
    z = beta * pairs.log_ratio
    members = zip(pairs.rewards_chosen - pairs.rewards_rejected, tau, strict=True)
    squares = torch.stack([(difference / scale - z) ** 2 for difference, scale in members])
    return squares.amin(0) + gamma * pairs.kl
