"""A training as a run takes it, from its pairs to its last step, without a ledger and with nothing written down.

Everything that calculates is the trainer's own: intake, reference, cut, order, rate, objective, step.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from bench.claims.models import CPU
from bench.claims.pair import Pair
from core.configs.run import RunConfig
from core.errors import BadInput
from core.queries.score_columns import Both, PairScores
from core.seeds import derive_seed
from trainer.cutting import Cutting
from trainer.encoding import chat_encoder
from trainer.metrics import Counted, means
from trainer.objective import Objective, objective, pair_tensors
from trainer.optimizer import adamw, learning_rate, set_rate
from trainer.order import Order
from trainer.pairs import Intake, PairRow, TrainingPairs, settle
from trainer.reference import compute, in_chunks, of_batch
from trainer.sharing import form, share
from trainer.spool import spooled
from trainer.step import Stepper, log_probs
from trainer.student import Student
from trainer.world import World, take_threads

ALONE = World(rank=0, size=1, device=CPU)


@dataclass(frozen=True)
class Lesson:
    """A student with its pairs, as the first step finds them. The student is the one that is trained."""

    config: RunConfig
    stepper: Stepper
    pairs: TrainingPairs
    cutting: Cutting

    def take(self) -> list[float]:
        """All steps; mean |z| of each step's pairs, before its update."""
        training = self.config.training
        order = Order(len(self.pairs.train), training.batch_size, training.epochs, training.seed)
        return [self._step(order, step) for step in range(1, order.total_steps + 1)]

    def _step(self, order: Order, step: int) -> float:
        chosen = [self.pairs.train[place] for place in order.batch(step)]
        set_rate(self.stepper.optimizer, learning_rate(step, order.total_steps, self.config.training))
        seed = derive_seed(self.config.training.seed, "step", step)
        *sums, _ = self.stepper.step(self.cutting.batches(chosen), examples=len(chosen), seed=seed).tolist()
        counted = Counted(len(chosen), len(chosen), 0)
        abs_z = means(sums, counted, sft_weight=self.stepper.objective.sft_weight)["abs_z"]
        if abs_z is None:
            raise BadInput(f"{self.config.method.type} is no longer finite at step {step}; lower its learning rate.")
        return abs_z

    @torch.no_grad()
    def unequal(self) -> int:
        """Pairs whose loss is another, in any bit, when chosen and rejected are exchanged; weights are as they are."""
        goal, found = self.stepper.objective, 0
        self.stepper.student.model.eval()
        for batch in self.cutting.spooled(self.pairs.train, share=ALONE.share):
            pairs = pair_tensors(log_probs(self.stepper.student, batch), batch)
            plain, exchanged = (goal.loss(side, **goal.hyperparameters) for side in (pairs, pairs.swapped()))
            found += int((plain != exchanged).sum())
        return found


def prepare(learner: Student, pairs: Sequence[Pair], config: RunConfig, folder: Path) -> Lesson:
    """Take the pairs in, and compute their reference: the student as it is now. Tokens are kept in the folder."""
    intake = Intake(chat_encoder(learner.tokenizer, learner.end_tokens), config)
    rewards = _rewards(pairs) if config.method.hyperparameters.members is not None else None
    rows = intake.take(cast(Sequence[PairRow], pairs), split="train", rewards=rewards)
    taken = settle(intake, spooled(rows, folder), spooled([], folder))
    if refusal := share(learner, longest=int(taken.train.lengths().max())):
        raise SystemExit(f"Prompts are not shared: {refusal}")
    training = config.training
    cutting = Cutting(training.micro_batch_tokens, training.micro_batch_size, form(learner), learner.pad)
    if config.method.facts.needs_reference:
        chunks = in_chunks(taken, cutting)
        found = compute(ALONE, chunks, range(chunks.number), lambda batch: of_batch(learner, batch))
        taken.train.refer(range(len(taken.train)), found)
    return Lesson(config, _stepper(learner, config, objective(config, taken, CPU)), taken, cutting)


def _stepper(learner: Student, config: RunConfig, goal: Objective) -> Stepper:
    return Stepper(learner, adamw(learner.trained(), config.training), goal, ALONE, config.training.max_grad_norm)


def _rewards(pairs: Sequence[Pair]) -> Iterator[PairScores]:
    return (PairScores(pair.id, tuple(Both(*both) for both in pair.rewards), ()) for pair in pairs)


@dataclass(frozen=True)
class Report:
    """mean |z| by step, and for a loss that a swap should not change, how many pairs it changes."""

    abs_z: list[float]
    unequal: int | None


def school(learner: Student, pairs: Sequence[Pair], config: RunConfig) -> Report:
    """Train the student on the pairs. Afterwards it answers as any model does."""
    torch.use_deterministic_algorithms(True)
    take_threads(ALONE, parameters=learner.model.num_parameters(), told=None)
    before = learner.model.config._attn_implementation
    with tempfile.TemporaryDirectory(prefix="burnish-claims-") as folder:
        lesson = prepare(learner, pairs, config, Path(folder))
        told = lesson.take()
        soft = lesson.stepper.objective.hyperparameters.get("form") == "soft"
        report = Report(told, lesson.unequal() if soft else None)
    learner.model.set_attn_implementation(before)  # answers are generated with padding, which ours knows no mask for
    return report
