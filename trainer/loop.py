"""The steps of a run, from where it stands to its end or a pause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from threading import Event

from torch import Tensor

from core.errors import BadInput, LeaseLost
from core.seeds import derive_seed
from core.states import RunState
from trainer import checkpoint
from trainer.attempt import Attempt
from trainer.batches import MicroBatch, shared_out
from trainer.checkpoint import Trained
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.metrics import Counted, finite, means
from trainer.optimizer import learning_rate, set_rate
from trainer.order import Order
from trainer.pace import Pace
from trainer.pairs import TrainingPairs
from trainer.record import StepReport, report
from trainer.reporting.reports import Reports
from trainer.step import Stepper
from trainer.watch import Watch

Values = dict[str, float | None]


class Signal(IntEnum):
    """What rank 0 read in the ledger, told to all processes after each step."""

    go = 0
    pause = 1
    leave = 2
    stop = 3


@dataclass(frozen=True)
class Taken:
    """A step that was taken: what `trainer.step.Stepper.step` returned, the pairs, the learning rate."""

    sums: Tensor
    pairs: list[EncodedPair]
    rate: float


@dataclass(frozen=True)
class Course:
    """All that the steps need; nothing in it but the student and its optimizer changes."""

    attempt: Attempt
    stepper: Stepper
    order: Order
    pairs: TrainingPairs
    cutting: Cutting
    leaving: Event
    trained: Trained
    reports: Reports
    pace: Pace = field(default_factory=Pace)

    def run(self, start: int) -> int | None:
        """Take the steps after `start`, and return the last one: that of the order, or the one that ends it early.

        None, with a checkpoint of the step reached, when a pause is asked for in the ledger, or this process is told to
        leave (the run then waits for another holder).

        Raises LeaseLost within a step of a cancel, DiskFull, and BadInput when the loss is no longer finite.
        """
        step = start
        while not self._ended(step):
            step += 1
            taken = self._step(step)
            values = self._values(step, taken) if self._metrics_due(step) else None
            validation = self._validate() if self._validation_due(step) else None
            best = validation is not None and self.watch is not None and self.watch.see(step, validation)
            signal = self._tell(self._report(step, values, validation, best=best))
            kept = best and self.watch is not None and self.watch.keeps
            if kept or self._checkpoint_due(step) or signal != Signal.go or self._ended(step):
                self._save(step, values or self._values(step, taken))
            if signal != Signal.go and not self._ended(step):
                if signal == Signal.pause:
                    self._pause(step)
                return None
        return step

    @property
    def watch(self) -> Watch | None:
        """What looks at the validations, if anybody asked for it."""
        return self.trained.watch

    def _ended(self, step: int) -> bool:
        return step >= self.order.total_steps or (self.watch is not None and self.watch.enough)

    def _step(self, step: int) -> Taken:
        """One optimizer step. Its numbers stay on the device."""
        chosen = [self.pairs.train[i] for i in self.order.batch(step)]
        rate = learning_rate(step, self.order.total_steps, self.attempt.config.training)
        set_rate(self.stepper.optimizer, rate)
        seed = derive_seed(self.attempt.config.training.seed, "step", step)
        cutting = self.cutting.for_steps(self.stepper.objective.facts)
        sums = self.stepper.step(self._mine(chosen, cutting), examples=len(chosen), seed=seed)
        return Taken(sums, chosen, rate)

    def _values(self, step: int, taken: Taken) -> Values:
        """The metrics of a step: its numbers leave the device here, and only then. Raises BadInput."""
        *told, norm = taken.sums.tolist()
        cutting = self.cutting.for_steps(self.stepper.objective.facts)
        values = self._means(told, taken.pairs, cutting) | {"gradient_norm": finite(norm), "learning_rate": taken.rate}
        return self._checked(step, values) | {"epoch": step / self.order.steps_per_epoch}

    def _mine(self, pairs: Sequence[EncodedPair], cutting: Cutting) -> list[MicroBatch]:
        """This process's share of the micro-batches."""
        return shared_out(cutting.batches(pairs), self.attempt.world.share)

    def _means(self, sums: list[float], pairs: Iterable[EncodedPair], cutting: Cutting) -> Values:
        whole = examples = tokens = 0
        for pair in pairs:
            forwarded = cutting.seen(pair).tokens
            whole, examples, tokens = whole + (pair.rejected is not None), examples + 1, tokens + forwarded
        values = means(sums, Counted(whole, examples, tokens), sft_weight=self.stepper.objective.sft_weight)
        return values | {"tokens": tokens, "missing_score_rate": self.pairs.missing_score_rate}

    def _checked(self, step: int, values: Values) -> Values:
        if values["loss"] is None or values["gradient_norm"] is None:
            rate = self.attempt.config.training.learning_rate
            raise BadInput(
                f"Loss or gradient are no longer finite at step {step}; lower training.learning_rate ({rate:g}).",
                param="training.learning_rate",
            )
        return values

    def _validate(self) -> Values:
        """What rank 0 found, in all processes: which validation is the best must not be seen in two ways."""
        batches = self.cutting.spooled(self.pairs.validation, share=self.attempt.world.share)
        sums: list[float] = self.attempt.world.tell(self.stepper.measure(batches).tolist())
        return self._means(sums, self.pairs.validation, self.cutting)

    def _report(self, step: int, values: Values | None, validation: Values | None, *, best: bool) -> StepReport:
        self.pace.tick()
        watch = self.watch
        early = watch is not None and watch.enough and step < self.order.total_steps
        return StepReport(
            step, self.pace.mean, self.pace.sd, values, validation,
            best=watch.told() if watch is not None and best else None,
            stopped=watch.reason() if watch is not None and early else None,
        )  # fmt: skip

    def _tell(self, told: StepReport) -> Signal:
        """Tell the ledger and the places that are reported to, and every process what the ledger answered."""
        signal, left = Signal.go, self._left()
        if self.attempt.world.leads:
            try:
                signal = Signal.pause if report(self.attempt.record, told) else left
                self.reports.tell(told)
            except LeaseLost:
                signal = Signal.stop
        signal = Signal(self.attempt.world.agree(signal))
        if signal == Signal.stop:
            raise LeaseLost(f"Run {self.attempt.record.run_id} is held by somebody else, or was cancelled.")
        return signal

    def _left(self) -> Signal:
        """Leave as soon as one process is told to: the supervisor may sit beside any of them."""
        return Signal.leave if self.attempt.world.anyone(self.leaving.is_set()) else Signal.go

    def _checkpoint_due(self, step: int) -> bool:
        return step % self.attempt.config.training.checkpoint_steps == 0 or step == self.order.total_steps

    def _validation_due(self, step: int) -> bool:
        every = self.attempt.config.training.eval_steps
        return self.order.validates(step, every) and len(self.pairs.validation) > 0

    def _metrics_due(self, step: int) -> bool:
        """Also before a checkpoint that is due; whatever else is saved is looked at then."""
        watched = self.watch is not None and self._validation_due(step)
        return step % self.attempt.config.training.log_steps == 0 or self._checkpoint_due(step) or watched

    def _save(self, step: int, values: Values) -> None:
        """The metrics have been looked at: no checkpoint is written with weights that are not finite."""
        checkpoint.save(self.attempt, self.trained, step, values)

    def _pause(self, step: int) -> None:
        stop = self.attempt.record.stop
        self.attempt.world.lead(lambda: stop(RunState.paused, f"Paused at step {step}.", pause_reason="asked"))
