"""The metrics every run logs, from the sums of a step."""

import math
from dataclasses import dataclass

from trainer.objective import SUMS

PER_EXAMPLE = ("sft_loss",)


@dataclass(frozen=True)
class Counted:
    """How many pairs, pairs and anchors, and tokens (without padding) the sums run over."""

    pairs: int
    examples: int
    tokens: int


def means(sums: list[float], counted: Counted, *, sft_weight: float) -> dict[str, float | None]:
    """Means of one step, in the order of SUMS, and the loss that was minimised.

    loss: the minimised mean over pairs and anchors, SFT term included. pair_loss: the method's own, over pairs; it and
    the SFT term are weighed by the pairs' weights, nothing else is. implicit_reward_chosen, implicit_reward_rejected:
    beta * log-ratio of policy to reference; per token where the method's log-probs are, of the policy alone where there
    is no reference, with beta 1 where there is none. margin: their difference; accuracy: share of pairs with a margin
    above zero. logp_chosen, logp_rejected: policy log-probs of the answers, nats. abs_z: mean |z|. kl: mean log-ratio
    of reference to policy over both answers of the pairs, an estimate of KL(reference || policy) on the dataset's
    answers, nats; None without a reference. sft_loss: mean negative log-prob per token of the chosen answers.
    score_tie_rate: share of pairs with two equal scores. A number that is not finite becomes None; so does, in steps
    that forward chosen answers alone, what rests on the rejected ones.
    """
    named = dict(zip(SUMS, sums, strict=True))
    loss = (named["pair_loss"] + sft_weight * named["sft_loss"]) / counted.examples
    values: dict[str, float] = {"loss": loss}
    for name, total in named.items():
        number = counted.examples if name in PER_EXAMPLE else counted.pairs
        values[name] = total / number if number else math.nan
    values["margin"] = values["implicit_reward_chosen"] - values["implicit_reward_rejected"]
    return {name: finite(value) for name, value in values.items()}


def finite(value: float) -> float | None:
    """The number, or None where it is not finite: JSON has no other way to say so."""
    return value if math.isfinite(value) else None
