"""What is minimised, and what is counted while doing so."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.configs.run import RunConfig
from core.methods.dpo import DpoConfig
from core.methods.method import BESIDE_THE_LOSS, Method
from trainer.batches import MicroBatch
from trainer.losses import LOSSES, Loss
from trainer.pair_tensors import PairTensors
from trainer.pairs import TrainingPairs
from trainer.running_gap import RunningGap
from trainer.score_scale import member_scales, score_scale

# What is summed over the pairs of a micro-batch, in this order; last the SFT term, over pairs and anchors.
SUMS = (
    "pair_loss", "implicit_reward_chosen", "implicit_reward_rejected", "accuracy", "logp_chosen", "logp_rejected",
    "abs_z", "kl", "score_tie_rate", "sft_loss",
)  # fmt: skip


@dataclass(frozen=True)
class Objective:
    """The loss of a method with its hyperparameters, and the weight of the SFT term.

    `running` is there for a method that takes it, and is the only thing here that changes from step to step.
    """

    loss: Loss
    hyperparameters: dict[str, Any]
    sft_weight: float
    facts: Method = DpoConfig.facts
    running: RunningGap | None = None

    def __call__(self, log_probs: Tensor, batch: MicroBatch) -> tuple[Tensor, Tensor]:
        """The objective summed over the micro-batch's pairs and anchors (a scalar), and the sums for the metrics.

        log_probs: [R] of the micro-batch's rows, nats. Each pair adds its method's loss. With `sft_weight` w, each
        pair and each anchor also adds w * (-logp(y_w) / tokens(y_w)): the mean negative log-prob per token of its
        chosen answer, end token included. Every example weighs the same, however long it is, or as its weight says.
        """
        pairs = pair_tensors(log_probs, batch)
        losses = batch.weights[: batch.pairs] * self._losses(pairs)
        chosen = batch.pairs + batch.anchors
        sft = batch.weights * -(log_probs[:chosen] / batch.answer_tokens[:chosen])
        total = losses.sum() + self.sft_weight * sft.sum() if self.sft_weight else losses.sum()
        return total, self._sums(pairs, losses, sft)

    def _losses(self, pairs: PairTensors) -> Tensor:
        running = {} if self.running is None else {"running": self.running.statistics()}
        return self.loss(pairs, **self.hyperparameters, **running)

    @torch.no_grad()
    def each(self, log_probs: Tensor, batch: MicroBatch) -> Tensor:
        """Of a micro-batch of pairs alone: what each adds to the loss before its weight, and its margin; [2, P].

        A number that is not finite stands as the float32 that is hardest: the greatest loss, the least margin.
        """
        pairs = pair_tensors(log_probs, batch)
        losses = self._losses(pairs) + self.sft_weight * -pairs.averaged().chosen
        most = torch.finfo(torch.float32).max
        losses = losses.nan_to_num(nan=most)
        return torch.stack([losses, self._z(pairs).nan_to_num(nan=-most)])

    def _z(self, pairs: PairTensors) -> Tensor:
        """The margin of implicit rewards, [P]."""
        met = pairs.averaged() if self.facts.averaged else pairs
        return float(self.hyperparameters.get("beta", 1.0)) * met.log_ratio

    @torch.no_grad()
    def _sums(self, pairs: PairTensors, losses: Tensor, sft: Tensor) -> Tensor:
        """The entries of SUMS for one micro-batch, [len(SUMS)]; see `trainer.metrics` for what each means."""
        beta, met = self.hyperparameters.get("beta", 1.0), pairs.averaged() if self.facts.averaged else pairs
        chosen, rejected = met.chosen - met.reference_chosen, met.rejected - met.reference_rejected
        z = beta * met.log_ratio
        kl = pairs.kl if self.facts.needs_reference else torch.full_like(pairs.chosen, torch.nan)
        won = torch.where(z.isnan(), z, (z > 0).float())
        per_pair = torch.stack(
            [
                losses, beta * chosen, beta * rejected, won, pairs.chosen, pairs.rejected, z.abs(), kl,
                (pairs.score_chosen == pairs.score_rejected).float(),
            ]
        )  # fmt: skip
        return torch.cat([per_pair.sum(1), sft.sum().reshape(1)])


def pair_tensors(log_probs: Tensor, batch: MicroBatch) -> PairTensors:
    """The columns a loss takes, from the log-probs [R] of a micro-batch's rows.

    Of rejected answers that are not forwarded nothing is known: NaN.
    """
    first = batch.pairs + batch.anchors
    reference, scores, tokens = batch.reference, batch.scores, batch.answer_tokens
    if len(tokens) < first + batch.pairs:
        unknown = tokens.new_full((batch.pairs,), torch.nan)
        log_probs, tokens = torch.cat([log_probs, unknown]), torch.cat([tokens, unknown])
    rewards = batch.rewards if batch.rewards.size(1) else scores.unsqueeze(1)
    return PairTensors(
        log_probs[: batch.pairs], log_probs[first:], reference[0], reference[1], scores[0], scores[1],
        tokens[: batch.pairs], tokens[first:], rewards[0], rewards[1],
    )  # fmt: skip


def objective(config: RunConfig, pairs: TrainingPairs, device: torch.device) -> Objective:
    """The objective of a run; `tau: auto` becomes the standard deviation of s_w - s_l on the training split.

    For a method that takes an ensemble tau is a list: each member's own.
    """
    method = config.method
    values = method.hyperparameters.model_dump(exclude=BESIDE_THE_LOSS)
    if method.facts.ensemble:
        values["tau"] = _member_scales(values["tau"], pairs)
    elif values.get("tau") == "auto":
        values["tau"] = score_scale(pairs.train)
    running = RunningGap(device) if method.facts.running else None
    return Objective(LOSSES[method.type], values, method.hyperparameters.sft_weight, method.facts, running)


def _member_scales(tau: float | str, pairs: TrainingPairs) -> list[float]:
    members = len(next(iter(pairs.train)).rewards)
    if isinstance(tau, float):
        return [tau] * max(1, members)
    return member_scales(pairs.train) if members else [score_scale(pairs.train)]
