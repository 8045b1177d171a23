"""The pairs of a dataset as the student reads them, what was left out, and the hash of it all."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Literal, Protocol

import numpy as np

from core.configs.run import RunConfig
from core.errors import BadInput
from core.queries.score_columns import Both, PairScores
from trainer.encoded_pair import EncodedPair
from trainer.encoding import ChatEncoder, Ids, Messages
from trainer.seen import Seen
from trainer.spool import Spool


class PairRow(Protocol):
    """A pair as the ledger gives it (`core.queries.trained_pairs.for_training`)."""

    id: str
    messages: Messages
    chosen: str
    rejected: str
    score_chosen: float | None
    score_rejected: float | None
    weight: float | None


@dataclass(frozen=True)
class Numbers:
    """What stands on a pair beside its texts, as (chosen, rejected) with NaN for what is missing, and its weight."""

    scores: tuple[float, float]
    rewards: tuple[tuple[float, float], ...]
    weight: float


@dataclass
class Intake:
    """Takes pairs in: encodes, refuses and counts. The hash covers every pair that was offered, in order."""

    encoder: ChatEncoder
    config: RunConfig
    counts: Counter[str] = field(default_factory=Counter)
    digest: Any = field(default_factory=hashlib.sha256)
    seen: Seen = field(default_factory=Seen)

    def take(
        self, rows: Iterable[PairRow], *, split: str, anchors: bool = False, rewards: Iterable[PairScores] | None = None
    ) -> Iterator[EncodedPair]:
        """The pairs that are trained on. An answer that would be cut by `max_length` is refused, and counted.

        rewards: of an ensemble's members, row by row, where the method reads them.
        """
        beside = zip(rows, repeat(None) if rewards is None else rewards, strict=rewards is not None)
        return (pair for row, given in beside if (pair := self._one(row, split, anchors, given)) is not None)

    def _one(self, row: PairRow, split: str, anchor: bool, given: PairScores | None) -> EncodedPair | None:
        assert given is None or given.pair_id == row.id
        numbers = Numbers(
            scores=_numbers(Both(row.score_chosen, row.score_rejected)),
            rewards=tuple(_numbers(both) for both in given.rewards) if given is not None else (),
            weight=1.0 if row.weight is None or not self.config.training.pair_weights else row.weight,
        )
        self._hash(row, split, numbers)
        if not anchor:
            self.counts[f"{split}_offered"] += 1
            if any(math.isnan(w - lo) for w, lo in numbers.rewards or (numbers.scores,)):
                self.counts[f"{split}_score_missing"] += 1
                self.seen.note("score_missing", row.id)
                if self.config.method.facts.needs_scores:
                    return None
        pair = self._encode(row, numbers, anchor)
        if pair.length > self.config.training.max_length:
            self.counts[f"{split}_too_long"] += 1
            self.seen.refuse(row.id, pair.length)
            return None
        self.counts[f"{split}_anchors" if anchor else split] += 1
        return pair

    def _encode(self, row: PairRow, numbers: Numbers, anchor: bool) -> EncodedPair:
        prompt = self.encoder.prompt(row.messages)
        chosen = self._answer(row, prompt, "chosen")
        rejected = None if anchor else self._answer(row, prompt, "rejected")
        return EncodedPair(
            row.id, np.array(prompt, dtype=np.int32), chosen, rejected, *numbers.scores,
            rewards=numbers.rewards, weight=numbers.weight,
        )  # fmt: skip

    def _answer(self, row: PairRow, prompt: list[int], side: Literal["chosen", "rejected"]) -> Ids:
        ids, kept = self.encoder.answer(row.messages, prompt, row.chosen if side == "chosen" else row.rejected)
        self.counts["boundary_mismatches"] += not kept
        if not kept:
            self.seen.note("boundary_mismatch", row.id, side=side)
        return np.array(ids, dtype=np.int32)

    def _hash(self, row: PairRow, split: str, numbers: Numbers) -> None:
        told: list[Any] = [split, row.messages, row.chosen, row.rejected, row.score_chosen, row.score_rejected]
        told += [numbers.rewards] if numbers.rewards else []
        told += [numbers.weight] if self.config.training.pair_weights else []
        self.digest.update(json.dumps(told, sort_keys=True, ensure_ascii=True).encode() + b"\n")


def _numbers(both: Both) -> tuple[float, float]:
    chosen, rejected = (math.nan if value is None else value for value in (both.chosen, both.rejected))
    return chosen, rejected


@dataclass(frozen=True)
class TrainingPairs:
    """Everything a run is trained and validated on."""

    train: Spool
    validation: Spool
    counts: dict[str, int]
    data_hash: str
    seen: Seen = field(default_factory=Seen)

    @property
    def missing_score_rate(self) -> float:
        """Share of the training split's kept pairs without both scores, or all those of an ensemble."""
        return self.counts.get("train_score_missing", 0) / max(1, self.counts.get("train_offered", 0))


def settle(intake: Intake, train: Spool, validation: Spool) -> TrainingPairs:
    """Close the intake. Raises BadInput when no pair is left to train on, with what became of those offered."""
    counts = dict(sorted(intake.counts.items()))
    if not train.paired().any():
        raise BadInput(
            f"No pair of the dataset's training split is left to train on ({_told(counts)}). Raise "
            f"training.max_length above {intake.config.training.max_length} or choose another dataset."
        )
    training = intake.config.training
    for name in ("best", "early_stopping"):
        if getattr(training, name) is not None and not validation.paired().any():
            raise BadInput(
                f"training.{name} looks at validations, and no pair of the dataset's validation split is left "
                f"({_told(counts)}). Leave it out, raise training.max_length, or choose another dataset.",
                param=f"training.{name}",
            )
    return TrainingPairs(train, validation, counts, intake.digest.hexdigest(), intake.seen)


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {number}" for name, number in counts.items()) or "none offered"
