"""Our trainer on a set of pairs, as a run uses it: its student, stepper, cut and cached reference."""

from dataclasses import dataclass

import torch

from bench.sets import encoded
from bench.setting import Setting
from core.configs.run import TrainingConfig
from trainer import student
from trainer.batches import MicroBatch, Reference
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.encoding import chat_encoder
from trainer.logps import answer_log_probs
from trainer.losses import dpo
from trainer.objective import Objective
from trainer.optimizer import adamw
from trainer.sharing import form, share
from trainer.step import Stepper, mixed_precision
from trainer.student import Student
from trainer.world import World, take_threads

BETA, RATE = 0.1, 1e-5
AT_ONCE = 32  # pairs of a chunk of the reference


@dataclass(frozen=True)
class Ours:
    """Everything that a step takes. `pairs` are whole batches of `batch` pairs."""

    stepper: Stepper
    pairs: list[EncodedPair]
    reference: Reference
    cutting: Cutting
    batch: int

    @property
    def student(self) -> Student:
        """The student that is trained."""
        return self.stepper.student

    def batches(self) -> int:
        """How many there are."""
        return len(self.pairs) // self.batch

    def cut(self, number: int) -> list[EncodedPair]:
        """The pairs of a batch; behind the last one the first comes again."""
        start = number % self.batches() * self.batch
        return self.pairs[start : start + self.batch]

    def step(self, number: int) -> None:
        """Train on a batch. It is a logged step: its numbers leave the device."""
        pairs = self.cut(number)
        self.taken(self.stepper, self.cutting.batches(pairs, self.reference), number)

    def taken(self, stepper: Stepper, batches: list[MicroBatch], number: int) -> None:
        """A step by this stepper, with a batch that is cut already."""
        stepper.step(batches, examples=self.batch, seed=number).tolist()

    def refer(self, number: int) -> Reference:
        """Log-probs of a batch as the student has them now, by the way in which the reference is computed."""
        return reference_of(self.student, self.cut(number), self.cutting)


def ours(setting: Setting) -> Ours:
    """Load the student, give it the pairs, and compute its reference."""
    config = TrainingConfig(learning_rate=RATE, schedule="constant", warmup_ratio=0.0, dtype=setting.dtype)
    learner = student.load(setting.folder, config, setting.device)
    world = World(rank=0, size=1, device=setting.device)
    take_threads(world, parameters=learner.model.num_parameters(), told=None)
    pairs = encoded(chat_encoder(learner.tokenizer, learner.end_tokens), setting.rows())
    if refusal := share(learner, longest=max(pair.length for pair in pairs)):
        raise SystemExit(f"Prompts are not shared: {refusal}")
    cutting = Cutting(config.micro_batch_tokens, form=form(learner), pad=learner.pad)
    stepper = Stepper(
        learner, adamw(learner.trained(), config), Objective(dpo, {"beta": BETA}, 0.0), world, config.max_grad_norm
    )
    return Ours(stepper, pairs, reference_of(learner, pairs, cutting), cutting, setting.batch)


@torch.no_grad()
def reference_of(learner: Student, pairs: list[EncodedPair], cutting: Cutting) -> Reference:
    """Log-probs of pairs, the shortest first, in nats."""
    learner.model.eval()
    found: Reference = {}
    ordered = sorted(pairs, key=lambda pair: pair.length)
    for start in range(0, len(ordered), AT_ONCE):
        chunk = ordered[start : start + AT_ONCE]
        begun = 0
        for batch in cutting.batches(chunk):
            cut = chunk[begun : begun + batch.pairs]
            begun += batch.pairs
            with mixed_precision(learner):
                values = answer_log_probs(learner.model, batch.to(learner.model.device)).reshape(2, -1).tolist()
            found |= {pair.id: (w, lo) for pair, w, lo in zip(cut, *values, strict=True)}
    return found
