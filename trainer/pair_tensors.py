"""What a loss is given: one micro-batch of pairs as tensors."""

from typing import NamedTuple

from torch import Tensor


class PairTensors(NamedTuple):
    """All of shape [B], float32. Log-probs are sums over the answer's tokens, its end token included, in nats.

    The reference columns are zero for a method that needs no reference; a missing score is NaN.
    """

    chosen: Tensor
    rejected: Tensor
    reference_chosen: Tensor
    reference_rejected: Tensor
    score_chosen: Tensor
    score_rejected: Tensor
    tokens_chosen: Tensor
    tokens_rejected: Tensor

    @property
    def log_ratio(self) -> Tensor:
        """h = [logp(y_w) - logp(y_l)] - [logp_ref(y_w) - logp_ref(y_l)], of shape [B], in nats."""
        return (self.chosen - self.rejected) - (self.reference_chosen - self.reference_rejected)

    def swapped(self) -> "PairTensors":
        """The same pairs with chosen and rejected exchanged in every column."""
        return PairTensors(*(column for pair in zip(self[1::2], self[::2], strict=True) for column in pair))
