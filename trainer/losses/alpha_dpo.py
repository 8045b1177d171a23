"""Alpha-DPO: SimPO with a target margin of each pair's own."""

from torch import Tensor
from torch.nn.functional import logsigmoid

from trainer.pair_tensors import PairTensors

EPSILON = 1e-4  # nats per token; against 0/0 where the policy equals the reference


def alpha_dpo(
    pairs: PairTensors, *, beta: float, gamma_over_beta: float, alpha: float, running: tuple[Tensor, Tensor]
) -> Tensor:
    """A pair on which the policy has gone further from the reference than on most is asked for a larger margin.

    gap = (mean_w - mean_l) - (mean_ref_w - mean_ref_l);  margin = stopgrad(alpha (gap - mu) / sd + gamma_over_beta)
    L = -log sigmoid(beta * (mean_w - mean_l - margin)).  (arXiv 2410.10148)
    With alpha = 0 it is simpo, bit for bit.

    pairs: log-probs and tokens, [B], nats, float32. beta: tokens/nats, above zero. gamma_over_beta: nats per token.
    running: mu and sd of the gap, scalars, nats per token (`trainer.running_gap`).
    Returns the losses, [B], unreduced.
    """
    mean, sd = running
    means = pairs.averaged()
    margin = alpha * ((means.log_ratio - mean) / (sd + EPSILON)).detach() + gamma_over_beta
    return -logsigmoid(beta * (means.chosen - means.rejected - margin))
