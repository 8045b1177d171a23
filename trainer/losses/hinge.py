"""The hinge loss on DPO's margin."""

from torch import Tensor, relu

from trainer.pair_tensors import PairTensors


def hinge(pairs: PairTensors, *, beta: float) -> Tensor:
    """A pair pulls with full strength until its margin is one, and then no more.

    z = beta * h;  L = max(0, 1 - z).  (SLiC, arXiv 2305.10425, with DPO's margin)

    pairs: log-probs of policy and reference, [B], nats, float32. beta: 1/nats, above zero.
    Returns the losses, [B], unreduced; 1 where the policy equals the reference.
    """
    return relu(1 - beta * pairs.log_ratio)
