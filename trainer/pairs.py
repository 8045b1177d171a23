"""The pairs of a dataset as the student reads them, what was left out, and the hash of it all."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from core.configs.run import RunConfig
from core.errors import BadInput
from trainer.encoded_pair import EncodedPair
from trainer.encoding import ChatEncoder, Ids, Messages
from trainer.spool import Spool


class PairRow(Protocol):
    """A pair as the ledger gives it (`core.queries.pairs.for_training`)."""

    id: str
    messages: Messages
    chosen: str
    rejected: str
    score_chosen: float | None
    score_rejected: float | None


@dataclass
class Intake:
    """Takes pairs in: encodes, refuses and counts. The hash covers every pair that was offered, in order."""

    encoder: ChatEncoder
    config: RunConfig
    counts: Counter[str] = field(default_factory=Counter)
    digest: Any = field(default_factory=hashlib.sha256)

    def take(self, rows: Iterable[PairRow], *, split: str, anchors: bool = False) -> Iterator[EncodedPair]:
        """The pairs that are trained on. An answer that would be cut by `max_length` is refused, and counted."""
        return (pair for row in rows if (pair := self._one(row, split, anchors)) is not None)

    def _one(self, row: PairRow, split: str, anchor: bool) -> EncodedPair | None:
        self._hash(row, split)
        if not anchor:
            self.counts[f"{split}_offered"] += 1
        scores = [math.nan if score is None else score for score in (row.score_chosen, row.score_rejected)]
        if not anchor and any(math.isnan(score) for score in scores):
            self.counts[f"{split}_score_missing"] += 1
            if self.config.method.facts.needs_scores:
                return None
        pair = self._encode(row, scores, anchor)
        if pair.length > self.config.training.max_length:
            self.counts[f"{split}_too_long"] += 1
            return None
        self.counts[f"{split}_anchors" if anchor else split] += 1
        return pair

    def _encode(self, row: PairRow, scores: list[float], anchor: bool) -> EncodedPair:
        prompt = self.encoder.prompt(row.messages)
        chosen = self._answer(row.messages, prompt, row.chosen)
        rejected = None if anchor else self._answer(row.messages, prompt, row.rejected)
        return EncodedPair(row.id, np.array(prompt, dtype=np.int32), chosen, rejected, scores[0], scores[1])

    def _answer(self, messages: Messages, prompt: list[int], text: str) -> Ids:
        ids, kept = self.encoder.answer(messages, prompt, text)
        self.counts["boundary_mismatches"] += not kept
        return np.array(ids, dtype=np.int32)

    def _hash(self, row: PairRow, split: str) -> None:
        told = [split, row.messages, row.chosen, row.rejected, row.score_chosen, row.score_rejected]
        self.digest.update(json.dumps(told, sort_keys=True, ensure_ascii=True).encode() + b"\n")


@dataclass(frozen=True)
class TrainingPairs:
    """Everything a run is trained and validated on."""

    train: Spool
    validation: Spool
    counts: dict[str, int]
    data_hash: str

    @property
    def missing_score_rate(self) -> float:
        """Share of the training split's kept pairs without both scores."""
        return self.counts.get("train_score_missing", 0) / max(1, self.counts.get("train_offered", 0))


def settle(intake: Intake, train: Spool, validation: Spool) -> TrainingPairs:
    """Close the intake. Raises BadInput when no pair is left to train on, with what became of those offered."""
    counts = dict(sorted(intake.counts.items()))
    if not train.paired().any():
        told = ", ".join(f"{name}: {number}" for name, number in counts.items()) or "none offered"
        raise BadInput(
            f"No pair of the dataset's training split is left to train on ({told}). Raise training.max_length above "
            f"{intake.config.training.max_length} or choose another dataset."
        )
    return TrainingPairs(train, validation, counts, intake.digest.hexdigest())


def score_scale(pairs: Iterable[EncodedPair]) -> float:
    """The standard deviation of s_w - s_l over scored pairs; 1 where it is zero or there are fewer than two."""
    scored = (p.score_chosen - p.score_rejected for p in pairs if p.rejected is not None and p.scored)
    differences = np.fromiter(scored, np.float64)
    spread = float(np.std(differences, ddof=1)) if len(differences) > 1 else 0.0
    return spread if spread > 0 else 1.0
