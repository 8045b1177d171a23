"""How long the pairs are, in the student's tokens."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.pairs import TrainingPairs
from trainer.spool import Spool

SHARE = 95  # percent of the pairs that the longest but a few are measured by
Summary = dict[str, int | float]


def summary(values: NDArray[np.int32]) -> Summary:
    """Sum, median, longest, and the least length that 95 of 100 do not exceed; zeros where there is none."""
    if not len(values):
        return {"sum": 0, "median": 0.0, "p95": 0, "longest": 0}
    return {
        "sum": int(values.sum(dtype=np.int64)),
        "median": float(np.median(values)),
        "p95": int(np.percentile(values, SHARE, method="inverted_cdf")),
        "longest": int(values.max()),
    }


def tokens(spool: Spool) -> dict[str, Summary]:
    """Of the pairs of a split that are trained on, anchors apart; `row` is a prompt with the longer of its answers."""
    parts = spool.parts()[spool.paired()]
    found = {name: summary(parts[:, place]) for place, name in enumerate(("prompt", "chosen", "rejected"))}
    return found | {"row": summary(spool.lengths()[spool.paired()])}


def lengths_wanted(pairs: TrainingPairs, max_length: int) -> dict[str, int]:
    """`max_length` as asked, and what it would have to be for 95 of 100 offered pairs, and for all of them."""
    refused = np.frombuffer(pairs.seen.too_long, np.int32) if pairs.seen.too_long else np.zeros(0, np.int32)
    offered = summary(np.concatenate([pairs.train.lengths(), pairs.validation.lengths(), refused]))
    return {"asked": max_length, "for_p95": int(offered["p95"]), "for_all": int(offered["longest"])}


def left_out(pairs: TrainingPairs, *, needs_scores: bool) -> dict[str, Any]:
    """Pairs that are not trained on by reason, with examples; no answer is ever cut."""
    counts = {reason: _both(pairs, reason) for reason in ("too_long", "score_missing")}
    if not needs_scores:
        counts["score_missing"] = 0  # they are trained on without
    examples = pairs.seen.examples
    return {
        reason: {"pairs": counts[reason], "examples": _shown(counts[reason], examples, reason)} for reason in counts
    }


def mismatches(pairs: TrainingPairs) -> dict[str, Any]:
    """Answers that the template does not render as what follows the prompt, with examples."""
    number = pairs.counts.get("boundary_mismatches", 0)
    return {"answers": number, "examples": pairs.seen.examples.get("boundary_mismatch", [])}


def _both(pairs: TrainingPairs, reason: str) -> int:
    return sum(pairs.counts.get(f"{split}_{reason}", 0) for split in ("train", "validation"))


def _shown(number: int, examples: dict[str, list[dict[str, Any]]], reason: str) -> list[dict[str, Any]]:
    return examples.get(reason, []) if number else []
