"""SimPO: log-probs per token with a target margin, and no reference."""

from torch import Tensor
from torch.nn.functional import logsigmoid

from trainer.pair_tensors import PairTensors


def simpo(pairs: PairTensors, *, beta: float, gamma_over_beta: float) -> Tensor:
    """The chosen answer is to be likelier per token than the rejected one, by a margin, whatever a reference says.

    L = -log sigmoid(beta * (mean_w - mean_l - gamma_over_beta)).  (arXiv 2405.14734)
    The paper's gamma, and TRL's `simpo_gamma`, is beta * gamma_over_beta; the authors' code has `gamma_beta_ratio`.

    pairs: log-probs and tokens, [B], nats, float32. beta: tokens/nats, above zero. gamma_over_beta: nats per token.
    Returns the losses, [B], unreduced; -log sigmoid(-gamma) where both answers are as likely per token.
    """
    means = pairs.averaged()
    return -logsigmoid(beta * (means.chosen - means.rejected - gamma_over_beta))
