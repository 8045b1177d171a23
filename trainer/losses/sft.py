"""Supervised fine-tuning on the chosen answers."""

from torch import Tensor

from trainer.pair_tensors import PairTensors


def sft(pairs: PairTensors) -> Tensor:
    """The chosen answer is imitated; no reference and no rejected answer has a part in it.

    L = -mean_w: negative log-prob per token of the chosen answer, end token included, so every answer weighs the same.

    pairs: log-probs and tokens, [B], nats, float32.
    Returns the losses, [B], unreduced, nats per token.
    """
    return -pairs.averaged().chosen
