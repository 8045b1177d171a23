"""Robust DPO: DPO's loss corrected for labels that were flipped by chance."""

from torch import Tensor
from torch.nn.functional import logsigmoid

from trainer.pair_tensors import PairTensors


def robust_dpo(pairs: PairTensors, *, beta: float, epsilon: float) -> Tensor:
    """Where a share epsilon of the labels is flipped, its mean over the flips is DPO's loss on the true labels.

    z = beta * h;  L = [-(1 - epsilon) log sigmoid(z) + epsilon log sigmoid(-z)] / (1 - 2 epsilon).  (arXiv 2403.00409)
    Unbounded below: for large z it falls as -epsilon z / (1 - 2 epsilon).

    pairs: log-probs of policy and reference, [B], nats, float32. beta: 1/nats, above zero. epsilon: below 1/2.
    Returns the losses, [B], unreduced; log 2 where the policy equals the reference.
    """
    z = beta * pairs.log_ratio
    return (epsilon * logsigmoid(-z) - (1 - epsilon) * logsigmoid(z)) / (1 - 2 * epsilon)
