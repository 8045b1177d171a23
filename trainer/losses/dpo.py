"""Direct preference optimisation."""

from torch import Tensor
from torch.nn.functional import logsigmoid

from trainer.pair_tensors import PairTensors


def dpo(pairs: PairTensors, *, beta: float) -> Tensor:
    """Make the chosen answer likelier than the rejected one, measured against the reference.

    z = beta * h;  L = -log sigmoid(z).  (arXiv 2305.18290)

    pairs: log-probs of policy and reference, [B], nats, float32.
    beta: strength of the pull towards the reference, 1/nats; above zero.
    Returns the losses, [B], unreduced; log 2 where the policy equals the reference.
    """
    return -logsigmoid(beta * pairs.log_ratio)
