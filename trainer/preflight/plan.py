"""What would be trained, all taken in and cut, before a step is taken."""

from dataclasses import dataclass

from trainer.attempt import Attempt
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.pairs import TrainingPairs
from trainer.preflight import probe
from trainer.profile import Profile, profile
from trainer.run import cutting_of, order_of
from trainer.student import Student

TIMED = 3  # steps, behind the heaviest one, which warms up and shows the peak
PROBES = 1 + TIMED


@dataclass(frozen=True)
class Plan:
    """The untrained student with its pairs. `refusal`: why prompts are not shared, if they are not.

    `cutting` forwards whole pairs, `taking` what the steps do.
    """

    attempt: Attempt
    base: Student
    pairs: TrainingPairs
    cutting: Cutting
    taking: Cutting
    profile: Profile
    refusal: str | None

    def probes(self) -> list[list[EncodedPair]]:
        """The pairs of each probing step: of the heaviest step, then of the first ones; of a huge step a part."""
        first = [1 + place % self.profile.order.steps_per_epoch for place in range(TIMED)]
        return [self._step(step) for step in [self.profile.heaviest, *first]]

    def _step(self, step: int) -> list[EncodedPair]:
        pairs = [self.pairs.train[place] for place in self.profile.order.batch(step)]
        return probe.largest(self.taking, pairs, processes=self.attempt.world.size)


def plan(attempt: Attempt, base: Student, pairs: TrainingPairs) -> Plan:
    """Cut the pairs as in training."""
    cutting, refusal = cutting_of(attempt, base, pairs)
    taking = cutting.for_steps(attempt.config.method.facts)
    return Plan(attempt, base, pairs, cutting, taking, profile(pairs, taking, order_of(attempt, pairs)), refusal)
