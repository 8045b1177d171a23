"""What a dry run found, as it is kept with the run and shown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.configs.run import RunConfig
from trainer.memory import MemoryWatch, Parts
from trainer.preflight.advice import Found, advise, usual_rate
from trainer.preflight.plan import PROBES, Plan
from trainer.preflight.probe import Timed
from trainer.preflight.tokens import left_out, lengths_wanted, mismatches, tokens
from trainer.profile import forwarded
from trainer.reference import in_chunks
from trainer.spool import Spool

Report = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """What was measured. `prepared`: seconds to load the student and take in the pairs.

    `steps`: the heaviest step, then those that are timed; fewer where memory ran out. `trained`: parameters.
    """

    prepared: float
    forward: Timed
    steps: list[Timed]
    trained: int
    parts: Parts
    watch: MemoryWatch

    @property
    def whole(self) -> bool:
        """Whether every probing step fitted."""
        return len(self.steps) == PROBES


def report(plan: Plan, measured: Measured) -> Report:
    """Everything, in JSON."""
    config, pairs = plan.attempt.config, plan.pairs
    told = {
        "pairs": pairs.counts,
        "tokens": {"train": tokens(pairs.train), "validation": tokens(pairs.validation)},
        "max_length": lengths_wanted(pairs, config.training.max_length),
        "left_out": left_out(pairs, needs_scores=config.method.facts.needs_scores),
        "boundary_mismatches": mismatches(pairs),
        "steps": plan.profile.told(),
        "prompts": {"shared": plan.cutting.form != "rows", "form": plan.cutting.form, "refusal": plan.refusal},
        "memory": _memory(measured),
        "seconds": _seconds(plan, measured),
        "student": _student(config, measured, plan),
        "probes": [asdict(step) for step in measured.steps],
    }
    warnings = advise(config, _found(plan, measured, told))
    return told | {"warnings": [asdict(warned) for warned in warnings]}


def _memory(measured: Measured) -> Report:
    parts = measured.parts.told()
    fits = measured.whole and parts["total"] <= measured.watch.room
    peak = measured.watch.peak() if measured.whole else None
    return {"estimated": parts, "measured_peak": peak, "room": measured.watch.room, "fits": fits}


def _seconds(plan: Plan, measured: Measured) -> Report:
    """Seconds of each part of the run; bounds of the training are those of its slowest and quickest probe."""
    timed, total = measured.steps[1:], plan.profile.total_tokens
    training, needed = plan.attempt.config.training, plan.attempt.config.method.facts.needs_reference
    lacking, validation, noted = _passes(plan)
    validated = validation * plan.profile.order.validations(training.eval_steps)
    found: Report = {
        "prepare": measured.prepared,
        "reference": lacking * measured.forward.per_token if needed else 0.0,
        "validation": validated * measured.forward.per_token,
        "pair_losses": noted * measured.forward.per_token if training.pair_losses else 0.0,
        "training": None,
        "step": None,
    }
    if timed:
        mean = sum(step.seconds for step in timed) / sum(step.tokens for step in timed)
        rates = [step.per_token for step in timed]
        spans = {"expected": total * mean, "low": total * min(rates), "high": total * max(rates)}
        found |= {"training": spans, "step": spans["expected"] / plan.profile.order.total_steps}
    return found


def _passes(plan: Plan) -> tuple[int, int, int]:
    """Tokens that are forwarded, padding included: for references that are lacking, a validation, all pairs' losses."""
    train, validation = plan.pairs.train, plan.pairs.validation
    chunks = in_chunks(plan.pairs, plan.cutting)
    everything = _forwarded(plan, [train, validation], chunks.order)
    validated = _forwarded(plan, [validation], np.argsort(validation.lengths(), kind="stable"))
    return int(everything[chunks.unknown()].sum()), int(validated.sum()), int(everything.sum())


def _forwarded(plan: Plan, spools: Sequence[Spool], order: NDArray[np.int64]) -> NDArray[np.int64]:
    lengths, once = (np.concatenate([of(spool) for spool in spools])[order] for of in (Spool.lengths, Spool.once))
    return forwarded(plan.cutting, lengths, once)


def _student(config: RunConfig, measured: Measured, plan: Plan) -> Report:
    parameters = plan.base.model.num_parameters()
    return {
        "parameters": parameters,
        "trained_parameters": measured.trained,
        "device": str(plan.attempt.world.device),
        "processes": plan.attempt.world.size,
        "dtype": str(plan.base.dtype).removeprefix("torch."),
        "usual_learning_rate": usual_rate(config, parameters),
    }


def _found(plan: Plan, measured: Measured, told: Report) -> Found:
    train = plan.pairs.train
    return Found(
        parameters=told["student"]["parameters"],
        counts=plan.pairs.counts,
        steps=told["steps"]["total"],
        left_out={reason: entry["pairs"] for reason, entry in told["left_out"].items()},
        mismatches=told["boundary_mismatches"]["answers"],
        medians={side: told["tokens"]["train"][side]["median"] for side in ("chosen", "rejected")},
        scores=train.scores()[train.paired()] if len(train) else np.zeros((0, 2)),
        rewards=train.rewards()[train.paired()],
        memory=None if told["memory"]["fits"] else (told["memory"]["estimated"]["total"], told["memory"]["room"]),
        finite=all(step.gradient_norm is not None for step in measured.steps),
    )
