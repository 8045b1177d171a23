"""IPO: the margin is regressed on a constant."""

from torch import Tensor

from trainer.pair_tensors import PairTensors


def ipo(pairs: PairTensors, *, beta: float) -> Tensor:
    """The margin is to be 1/(2 beta) and no larger, so that certain labels do not drive it to infinity.

    L = (h - 1/(2 beta))^2, with h of log-probs per token.  (arXiv 2310.12036; per token as its authors do it)

    pairs: log-probs and tokens, [B], nats, float32. beta: tokens/nats, above zero.
    Returns the losses, [B], unreduced; 1/(4 beta^2) where the policy equals the reference.
    """
    return (pairs.averaged().log_ratio - 1 / (2 * beta)) ** 2
