"""Conservative DPO: DPO with smoothed labels."""

from torch import Tensor
from torch.nn.functional import logsigmoid

from trainer.pair_tensors import PairTensors


def conservative_dpo(pairs: PairTensors, *, beta: float, epsilon: float) -> Tensor:
    """Each label is taken to be wrong with probability epsilon, so no margin is worth more than it can be sure of.

    z = beta * h;  L = -(1 - epsilon) log sigmoid(z) - epsilon log sigmoid(-z).  (a note of DPO's authors; called label
    smoothing elsewhere)  It is least at z = log((1 - epsilon) / epsilon).

    pairs: log-probs of policy and reference, [B], nats, float32. beta: 1/nats, above zero. epsilon: from 0 to 1/2.
    Returns the losses, [B], unreduced; log 2 where the policy equals the reference.
    """
    z = beta * pairs.log_ratio
    return -((1 - epsilon) * logsigmoid(z) + epsilon * logsigmoid(-z))
