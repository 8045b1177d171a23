"""One dry run from its claim to its report: pairs are taken in, cut and stepped on as in training; nothing is kept."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

import torch
from sqlalchemy.orm import Session

from core.errors import LeaseLost
from core.queries import runs
from core.queries.moves import move
from core.states import RunState
from core.tables import Run
from trainer import student
from trainer.attempt import Attempt
from trainer.batches import Reference
from trainer.encoded_pair import EncodedPair
from trainer.loop import Signal
from trainer.memory import MemoryWatch, reckon
from trainer.objective import objective
from trainer.optimizer import adamw
from trainer.preflight import probe
from trainer.preflight.plan import PROBES, Plan, plan
from trainer.preflight.probe import Timed
from trainer.preflight.report import Measured, report
from trainer.reference import recall
from trainer.run import loaded, take_in
from trainer.step import Stepper
from trainer.student import Student


@dataclass
class Sentry:
    """Notices between two probes that a dry run was cancelled, or is to leave."""

    attempt: Attempt
    leaving: Event
    done: int = 0

    def stops(self) -> bool:
        """Tell how many probes are done; whether this process is to leave. Raises LeaseLost after a cancel."""
        signal = Signal.leave if self.attempt.world.anyone(self.leaving.is_set()) else Signal.go
        if self.attempt.world.leads:
            try:
                self.attempt.record.write(self._advance)
            except LeaseLost:
                signal = Signal.stop
        signal = Signal(self.attempt.world.agree(signal))
        if signal == Signal.stop:
            raise LeaseLost(f"Dry run {self.attempt.record.run_id} is held by somebody else, or was cancelled.")
        self.done += 1
        return signal == Signal.leave

    def _advance(self, session: Session) -> None:
        runs.advance(session, self.attempt.record.run_id, step=self.done, total_steps=PROBES)
        move(session, Run, self.attempt.record.run_id, RunState.running)


def look(attempt: Attempt, leaving: Event) -> bool:
    """Find out what training would take. True when the report is in the ledger, False when told to leave.

    Raises BadInput for what a training would fail at as well, LeaseLost, DiskFull, Unavailable.
    """
    begun, watch = time.monotonic(), MemoryWatch.begin(attempt.world.device)
    base = loaded(attempt)
    planned = plan(attempt, base, take_in(attempt, base))
    if attempt.config.method.facts.needs_reference:
        attempt.world.together(lambda: recall(attempt, base, planned.pairs))
    prepared = time.monotonic() - begun
    measured = _measure(planned, watch, Sentry(attempt, leaving), prepared)
    if measured is None:
        return False
    attempt.world.lead(lambda: attempt.record.note({runs.PREFLIGHT: report(planned, measured)}))
    return True


def _measure(planned: Plan, watch: MemoryWatch, sentry: Sentry, prepared: float) -> Measured | None:
    """Forward and step on a few pairs; None when told to leave."""
    if sentry.stops():
        return None
    config, probes = planned.attempt.config, planned.probes()
    together = {pair.id: pair for pairs in probes for pair in pairs}
    reference, forward = probe.forward(planned.base, planned.cutting, list(together.values()), planned.attempt.world)
    learner = student.with_adapter(planned.base, config.training)
    parts = reckon(learner, planned.taking, planned.profile.load, watch)
    steps = _steps(planned, learner, probes, reference if config.method.facts.needs_reference else {}, sentry)
    trained = sum(parameter.numel() for _, parameter in learner.trained())
    return None if steps is None else Measured(prepared, forward, steps, trained, parts, watch)


def _steps(
    planned: Plan, learner: Student, probes: Sequence[Sequence[EncodedPair]], reference: Reference, sentry: Sentry
) -> list[Timed] | None:
    """The probing steps, as far as they fit into memory; None when told to leave."""
    config, world = planned.attempt.config, planned.attempt.world
    goal = objective(config, planned.pairs, world.device)
    optimizer = adamw(learner.trained(), config.training)
    stepper = Stepper(learner, optimizer, goal, world, config.training.max_grad_norm)
    done: list[Timed] = []
    for number, pairs in enumerate(probes):
        try:
            done.append(probe.step(stepper, planned.taking.batches(pairs, reference), seed=number))
        except torch.OutOfMemoryError:
            if world.size > 1:  # the others wait for what never comes
                raise
            return done
        if sentry.stops():
            return None
    return done
