"""Lengths, what is left out, and what the steps forward, with numbers worked by hand."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.memory import Load
from trainer.order import Order
from trainer.pairs import TrainingPairs
from trainer.preflight.tokens import left_out, lengths_wanted, mismatches, summary, tokens
from trainer.profile import forwarded, profile
from trainer.seen import MOST, Seen
from trainer.spool import Spool, spooled

LENGTHS = [(3, 2, 4), (5, 1, 1), (3, 7, 1), (4, 4, 4)]  # rows of 7, 6, 10 and 8 tokens; 9, 7, 11 and 12 once


def pair(id: int, prompt: int, chosen: int, rejected: int | None) -> EncodedPair:
    lengths = [np.zeros(length, np.int32) for length in (prompt, chosen, rejected or 0)]
    return EncodedPair(f"pair_{id}", lengths[0], lengths[1], None if rejected is None else lengths[2], id, 0.0)


@pytest.fixture
def train(tmp_path: Path) -> Spool:
    """Four pairs and an anchor."""
    pairs = [pair(id, *lengths) for id, lengths in enumerate(LENGTHS)]
    return spooled([*pairs, pair(4, 2, 2, None)], tmp_path)


def of(train: Spool, folder: Path, seen: Seen | None = None, **counts: int) -> TrainingPairs:
    return TrainingPairs(train, spooled([pair(9, 2, 2, 2)], folder), Counter(counts), "", seen or Seen())


def test_lengths_are_summed_and_their_middle_and_ends_told(train: Spool) -> None:
    assert tokens(train) == {
        "prompt": {"sum": 15, "median": 3.5, "p95": 5, "longest": 5},
        "chosen": {"sum": 14, "median": 3.0, "p95": 7, "longest": 7},
        "rejected": {"sum": 10, "median": 2.5, "p95": 4, "longest": 4},
        "row": {"sum": 31, "median": 7.5, "p95": 10, "longest": 10},
    }


def test_the_length_of_95_in_100_is_one_that_occurs(tmp_path: Path) -> None:
    assert summary(np.arange(1, 101, dtype=np.int32)) == {"sum": 5050, "median": 50.5, "p95": 95, "longest": 100}
    assert tokens(spooled([], tmp_path))["row"] == {"sum": 0, "median": 0.0, "p95": 0, "longest": 0}


def test_pairs_left_out_are_counted_in_both_splits_with_the_first_as_examples(train: Spool, tmp_path: Path) -> None:
    seen = Seen()
    for number in range(MOST + 5):
        seen.refuse(f"pair_{number}", 20 + number)
    seen.note("score_missing", "pair_x")
    seen.note("boundary_mismatch", "pair_y", side="chosen")
    counts = {"train_too_long": MOST, "validation_too_long": 5, "train_score_missing": 1, "boundary_mismatches": 1}
    pairs = of(train, tmp_path, seen, **counts)
    found = left_out(pairs, needs_scores=True)
    assert found["too_long"]["pairs"] == MOST + 5
    assert found["too_long"]["examples"][:2] == [{"id": "pair_0", "tokens": 20}, {"id": "pair_1", "tokens": 21}]
    assert len(found["too_long"]["examples"]) == MOST
    assert found["score_missing"] == {"pairs": 1, "examples": [{"id": "pair_x"}]}
    assert left_out(pairs, needs_scores=False)["score_missing"] == {"pairs": 0, "examples": []}
    assert mismatches(pairs) == {"answers": 1, "examples": [{"id": "pair_y", "side": "chosen"}]}
    assert lengths_wanted(pairs, 12) == {"asked": 12, "for_p95": 43, "for_all": 44}  # the 30th of 31 offered


def test_a_profile_tells_the_tokens_of_each_step_and_the_heaviest_micro_batch(train: Spool, tmp_path: Path) -> None:
    pairs, order = of(train, tmp_path), Order(pairs=5, batch_size=5, epochs=3, seed=0)
    packed = profile(pairs, Cutting(tokens=20, form="pieces"), order)  # 4 + 7 + 9 | 12 | 11
    assert packed.micro_batches.tolist() == [3]
    assert (packed.total_tokens, packed.heaviest) == (3 * 43, 1)
    assert packed.load == Load(tokens=20, answers=2 + 2 + 6)
    rows = profile(pairs, Cutting(tokens=28, form="rows"), order)  # of 4 and 6 | 7 | 8 | 10, two rows each
    assert rows.tokens.tolist() == [24 + 14 + 16 + 20]
    assert rows.load == Load(tokens=24, answers=4)


def test_a_pass_forwards_the_shortest_pairs_first_padding_included() -> None:
    order = np.argsort([p + max(w, lo) for p, w, lo in LENGTHS], kind="stable")  # rows of 6, 7, 8 and 10
    lengths = np.array([p + max(w, lo) for p, w, lo in LENGTHS], np.int32)[order]
    once = np.array([sum(parts) for parts in LENGTHS], np.int32)[order]
    assert forwarded(Cutting(tokens=28, form="rows"), lengths, once).tolist() == [28, 16, 20]  # 6 and 7 | 8 | 10
    assert forwarded(Cutting(tokens=20, form="pieces"), lengths, once).tolist() == [7 + 9, 12, 11]
    assert forwarded(Cutting(tokens=20, form="pieces"), lengths[:0], once[:0]).tolist() == []


def test_the_heaviest_step_is_found_wherever_it_stands(tmp_path: Path) -> None:
    pairs = of(spooled([pair(id, 2, 30 if id == 7 else 3, 3) for id in range(12)], tmp_path), tmp_path)
    order = Order(pairs=12, batch_size=2, epochs=1, seed=3)
    found = profile(pairs, Cutting(tokens=1000, form="pieces"), order)
    assert 7 in order.batch(found.heaviest)
    assert found.load == Load(tokens=(2 + 30 + 3) + (2 + 3 + 3), answers=33 + 6)
    assert found.told()["total"] == 6
