"""What a practitioner would say of a run before it is begun. Rules of thumb, each a function of what was found."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.configs.run import RunConfig

USUAL_RATE = 1e-6  # full preference tuning at 7 B parameters; it falls with the square root of the size
AT = 7e9
OF_LORA, OF_IMITATION = 10.0, 10.0  # what adapters, and imitating without a margin, take more
FAR = 10.0  # times the usual rate, up or down
FEW_PAIRS, FEW_STEPS, MANY_EPOCHS = 100, 10, 3
MANY = 0.05  # share of the offered pairs
SEVERAL = 0.01  # share of the answers
DISAGREE = 0.3  # share of scored pairs whose rejected answer scored higher
TIED = 0.5
SCALE = (0.2, 5.0)  # spread of the score differences over tau
LONGER = 1.5  # chosen over rejected, medians of tokens


@dataclass(frozen=True)
class Found:
    """What the rules look at. `scores`: [pairs, 2] of the training split, chosen and rejected, NaN where missing.

    `rewards`: the same of each member of an ensemble, [pairs, members, 2], where the method reads those instead.
    `counts` are the intake's. `memory`: the bytes a process would hold and those that are free, where it does not fit.
    `finite`: whether the gradients of the probing steps were.
    """

    parameters: int
    counts: dict[str, int]
    steps: int
    left_out: dict[str, int]
    mismatches: int
    medians: dict[str, float]
    scores: NDArray[np.float64]
    rewards: NDArray[np.float64]
    memory: tuple[int, int] | None
    finite: bool

    @property
    def offered(self) -> int:
        """Pairs of both splits, kept or not."""
        return self.counts.get("train_offered", 0) + self.counts.get("validation_offered", 0)


@dataclass(frozen=True)
class Warned:
    """A warning: a name that scripts can rely on, the field it is about, and what to do."""

    code: str
    param: str | None
    message: str


def advise(config: RunConfig, found: Found) -> list[Warned]:
    """Every warning there is, the gravest first."""
    return [
        *_memory(config, found), *_gradient(found), *_rate(config, found), *_method(config), *_scores(config, found),
        *_pairs(config, found), *_texts(config, found),
    ]  # fmt: skip


def usual_rate(config: RunConfig, parameters: int) -> float:
    """The learning rate that others would begin with."""
    rate = USUAL_RATE * math.sqrt(AT / max(1, parameters))
    rate *= OF_LORA if config.training.mode != "full" else 1.0
    return rate * (OF_IMITATION if config.method.facts.usual_beta is None else 1.0)


def _memory(config: RunConfig, found: Found) -> Iterator[Warned]:
    if found.memory is not None:
        needed, room = found.memory
        recompute = "" if config.training.gradient_checkpointing else "set training.gradient_checkpointing, "
        yield Warned(
            "memory", "training.micro_batch_tokens",
            f"The run does not fit: it is reckoned to need {_gib(needed)} of memory, {_gib(room)} are free. Lower "
            f"training.micro_batch_tokens ({config.training.micro_batch_tokens}), {recompute}or train an adapter "
            "(training.mode: lora).",
        )  # fmt: skip


def _gradient(found: Found) -> Iterator[Warned]:
    if not found.finite:
        message = "The gradient of a probing step is not finite: the run would end at its first step."
        yield Warned("gradient", "training.dtype", message)


def _rate(config: RunConfig, found: Found) -> Iterator[Warned]:
    rate, usual = config.training.learning_rate, usual_rate(config, found.parameters)
    if not usual / FAR <= rate <= usual * FAR:
        side, outcome = ("above", "may break the student") if rate > usual else ("below", "may change nothing")
        yield Warned(
            "learning_rate", "training.learning_rate",
            f"A learning rate of {rate:g} is far {side} what is usual for a student of {found.parameters:,} parameters "
            f"in mode {config.training.mode}, about {usual:.0e}, and {outcome}.",
        )  # fmt: skip


def _method(config: RunConfig) -> Iterator[Warned]:
    facts, values = config.method.facts, config.method.hyperparameters.model_dump()
    beta = values.get("beta")
    if facts.usual_beta and beta is not None and not facts.usual_beta[0] <= beta <= facts.usual_beta[1]:
        low, high = facts.usual_beta
        yield Warned(
            "beta", f"method.{config.method.type}.beta",
            f"A beta of {beta:g} is odd for {config.method.type}: usual is {low:g} to {high:g}. Smaller ones let the "
            "student go further from the reference.",
        )  # fmt: skip
    if facts.warning:
        yield Warned("method", "method.type", facts.warning)


def _scores(config: RunConfig, found: Found) -> Iterator[Warned]:
    for whose, scores in _read(config, found):
        apart = scores[:, 0] - scores[:, 1]
        apart = apart[~np.isnan(apart)]
        if len(apart) > 1:
            yield from _apart(config, whose, apart)


def _read(config: RunConfig, found: Found) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The scores [pairs, 2] that the method reads, and whose they are; those on the pairs where it reads none."""
    members = config.method.hyperparameters.members
    if members is None:
        yield "", found.scores
        return
    for place in range(found.rewards.shape[1]):
        name = f"number {place + 1}" if members == "all" else repr(members[place])
        yield f" of scorer {name}", found.rewards[:, place]


def _apart(config: RunConfig, whose: str, apart: NDArray[np.float64]) -> Iterator[Warned]:
    reads, worse, tied = config.method.facts.needs_scores, float((apart < 0).mean()), float((apart == 0).mean())
    if reads:
        yield from _scale(config, whose, apart)
    if worse > DISAGREE and not reads:
        yield Warned(
            "scores_disagree", "method.type",
            f"The scorer likes the rejected answer better in {worse:.0%} of the pairs, and {config.method.type} does "
            "not read scores. Set filters.min_margin on the dataset, or choose rdpo.",
        )  # fmt: skip
    if tied > TIED and reads:
        yield Warned(
            "scores_tied", "method.type",
            f"Both answers have one score{whose} in {tied:.0%} of the pairs: they teach little. A finer scorer would "
            "tell them apart.",
        )  # fmt: skip


def _scale(config: RunConfig, whose: str, apart: NDArray[np.float64]) -> Iterator[Warned]:
    spread, tau = float(np.std(apart, ddof=1)), config.method.hyperparameters.model_dump().get("tau")
    param = f"method.{config.method.type}.tau"
    if spread == 0:
        yield Warned(
            "score_scale", param,
            f"All pairs have the same score difference{whose}: such scores tell no pair from another.",
        )  # fmt: skip
    elif isinstance(tau, float) and not SCALE[0] <= spread / tau <= SCALE[1]:
        effect = "only their sign counts" if spread > tau else "they hardly count"
        yield Warned(
            "score_scale", param,
            f"Score differences{whose} spread by {spread:.3g} and tau is {tau:g}: {effect}. Say 'auto', or a tau near "
            f"{spread:.1g}.",
        )  # fmt: skip


def _pairs(config: RunConfig, found: Found) -> Iterator[Warned]:
    trained = found.counts.get("train", 0)
    if trained < FEW_PAIRS:
        yield Warned(
            "few_pairs", "dataset", f"There are {trained} pairs to train on; a few hundred are the usual least."
        )
    if found.steps < FEW_STEPS:
        yield Warned(
            "few_steps", "training.batch_size",
            f"The run has {found.steps} steps, most of which warm up. Lower training.batch_size "
            f"({config.training.batch_size}), or train more epochs.",
        )  # fmt: skip
    if config.training.epochs > MANY_EPOCHS and config.method.facts.usual_beta is not None:
        yield Warned(
            "many_epochs", "training.epochs",
            f"{config.training.epochs} epochs are many for preferences: margins go on growing when nothing is learnt "
            "any more. Watch accuracy and loss on the validation split.",
        )  # fmt: skip
    if not found.counts.get("validation", 0):
        yield Warned("no_validation", "dataset", "The dataset has no validation pairs: nobody would see it overfit.")


def _texts(config: RunConfig, found: Found) -> Iterator[Warned]:
    remedies = {
        "too_long": ("training.max_length", f"Raise training.max_length above {config.training.max_length}."),
        "score_missing": ("method.type", "Score the dataset, or choose a method that reads no scores."),
    }
    for reason, (param, remedy) in remedies.items():
        share = found.left_out.get(reason, 0) / max(1, found.offered)
        if share > MANY:
            told = reason.replace("_", " ")
            yield Warned(f"many_{reason}", param, f"{share:.0%} of the pairs are left out ({told}). {remedy}")
    if found.mismatches > SEVERAL * 2 * found.offered:
        yield Warned(
            "boundary", "student",
            f"The chat template does not continue the prompt with the answer in {found.mismatches} answers; they are "
            "encoded on their own. See whether the template changes a conversation once it is answered.",
        )  # fmt: skip
    chosen, rejected = found.medians["chosen"], found.medians["rejected"]
    if chosen > LONGER * rejected or rejected > LONGER * chosen:
        side = "longer" if chosen > rejected else "shorter"
        yield Warned(
            "length", "dataset",
            f"Chosen answers are much {side} than rejected ones (medians of {chosen:g} and {rejected:g} tokens): the "
            "student may learn the length. Set filters.length_ratio on the dataset, or use log-probs per token "
            "(simpo, ipo).",
        )  # fmt: skip


def _gib(number: int) -> str:
    return f"{number / 2**30:.2f} GiB"
