"""What a loss is given: one micro-batch of pairs as tensors."""

from typing import NamedTuple

from torch import Tensor


class PairTensors(NamedTuple):
    """Of shape [B], the rewards [K, B]; float32. Log-probs are sums over the answer's tokens with its end token, nats.

    The reference columns are zero for a method that needs no reference; a missing score is NaN. The rewards are those
    of an ensemble's K members; without one they are the scores, and K is 1.
    """

    chosen: Tensor
    rejected: Tensor
    reference_chosen: Tensor
    reference_rejected: Tensor
    score_chosen: Tensor
    score_rejected: Tensor
    tokens_chosen: Tensor
    tokens_rejected: Tensor
    rewards_chosen: Tensor
    rewards_rejected: Tensor

    @property
    def log_ratio(self) -> Tensor:
        """h = [logp(y_w) - logp(y_l)] - [logp_ref(y_w) - logp_ref(y_l)], of shape [B], in nats."""
        return (self.chosen - self.rejected) - (self.reference_chosen - self.reference_rejected)

    @property
    def kl(self) -> Tensor:
        """Mean log-ratio of reference to policy over both answers, [B], nats: estimates KL(reference || policy)."""
        return ((self.reference_chosen - self.chosen) + (self.reference_rejected - self.rejected)) / 2

    def averaged(self) -> "PairTensors":
        """The same with log-probs per token, of the reference too: what `mean` stands for in the formulas."""
        return self._replace(
            chosen=self.chosen / self.tokens_chosen,
            rejected=self.rejected / self.tokens_rejected,
            reference_chosen=self.reference_chosen / self.tokens_chosen,
            reference_rejected=self.reference_rejected / self.tokens_rejected,
        )

    def swapped(self) -> "PairTensors":
        """The same pairs with chosen and rejected exchanged in every column."""
        return PairTensors(*(column for pair in zip(self[1::2], self[::2], strict=True) for column in pair))
