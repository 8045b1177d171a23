"""What is minimised, and what is counted while doing so."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.configs.run import RunConfig
from trainer.batches import MicroBatch
from trainer.losses import LOSSES, Loss
from trainer.pair_tensors import PairTensors
from trainer.pairs import TrainingPairs, score_scale

# What is summed over the pairs of a micro-batch, in this order; last the SFT term, over pairs and anchors.
SUMS = (
    "pair_loss", "implicit_reward_chosen", "implicit_reward_rejected", "accuracy", "logp_chosen", "logp_rejected",
    "abs_z", "kl", "score_tie_rate", "sft_loss",
)  # fmt: skip


@dataclass(frozen=True)
class Objective:
    """The loss of a method with its hyperparameters, and the weight of the SFT term."""

    loss: Loss
    hyperparameters: dict[str, Any]
    sft_weight: float

    def __call__(self, log_probs: Tensor, batch: MicroBatch) -> tuple[Tensor, Tensor]:
        """The objective summed over the micro-batch's pairs and anchors (a scalar), and the sums for the metrics.

        log_probs: [R] of the micro-batch's rows, nats. Each pair adds its method's loss. With `sft_weight` w, each
        pair and each anchor also adds w * (-logp(y_w) / tokens(y_w)): the mean negative log-prob per token of its
        chosen answer, end token included. Every example weighs the same, however long it is.
        """
        pairs = pair_tensors(log_probs, batch)
        losses: Tensor = self.loss(pairs, **self.hyperparameters)
        chosen = batch.pairs + batch.anchors
        sft = -(log_probs[:chosen] / batch.answer_tokens[:chosen])
        total = losses.sum() + self.sft_weight * sft.sum() if self.sft_weight else losses.sum()
        return total, self._sums(pairs, losses, sft)

    @torch.no_grad()
    def _sums(self, pairs: PairTensors, losses: Tensor, sft: Tensor) -> Tensor:
        """The entries of SUMS for one micro-batch, [len(SUMS)]; see `trainer.metrics` for what each means."""
        beta = self.hyperparameters["beta"]
        chosen, rejected = pairs.chosen - pairs.reference_chosen, pairs.rejected - pairs.reference_rejected
        z = beta * pairs.log_ratio
        per_pair = torch.stack(
            [
                losses, beta * chosen, beta * rejected, (z > 0).float(), pairs.chosen, pairs.rejected, z.abs(),
                -(chosen + rejected) / 2, (pairs.score_chosen == pairs.score_rejected).float(),
            ]
        )  # fmt: skip
        return torch.cat([per_pair.sum(1), sft.sum().reshape(1)])


def pair_tensors(log_probs: Tensor, batch: MicroBatch) -> PairTensors:
    """The columns a loss takes, from the log-probs [R] of a micro-batch's rows."""
    first = batch.pairs + batch.anchors
    reference, scores, tokens = batch.reference, batch.scores, batch.answer_tokens
    return PairTensors(
        log_probs[: batch.pairs], log_probs[first:], reference[0], reference[1], scores[0], scores[1],
        tokens[: batch.pairs], tokens[first:],
    )  # fmt: skip


def objective(config: RunConfig, pairs: TrainingPairs) -> Objective:
    """The objective of a run; `tau: auto` becomes the standard deviation of s_w - s_l on the training split."""
    values = config.method.hyperparameters.model_dump()
    sft_weight = float(values.pop("sft_weight"))
    if values.get("tau") == "auto":
        values["tau"] = score_scale(pairs.train)
    return Objective(LOSSES[config.method.type], values, sft_weight)
