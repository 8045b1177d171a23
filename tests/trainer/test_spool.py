"""Pairs on the disk: the same as they went in, in any order, with memory that does not grow."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DiskFull
from core.settings import ROOT
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.scratch import Scratch
from trainer.spool import spooled


def same(one: EncodedPair, other: EncodedPair) -> bool:
    """Whether they are equal, NaN to NaN."""
    numbers = [(p.score_chosen, p.score_rejected, *p.reference) for p in (one, other)]
    rejected = (one.rejected is None) == (other.rejected is None) and (
        one.rejected is None or np.array_equal(one.rejected, other.rejected)
    )
    texts = np.array_equal(one.prompt, other.prompt) and np.array_equal(one.chosen, other.chosen)
    return one.id == other.id and texts and rejected and np.array_equal(*numbers, equal_nan=True)


def odd_ones(drawn: list[EncodedPair]) -> list[EncodedPair]:
    """An anchor and a pair without scores among others."""
    empty = np.zeros(0, np.int32)
    return [
        *drawn,
        EncodedPair("pair_anchor", drawn[0].prompt, drawn[0].chosen, None, 1.0, math.nan),
        EncodedPair("pair_empty", drawn[1].prompt, drawn[1].chosen, empty, math.nan, math.nan, (-1.5, -2.25)),
    ]


def test_pairs_come_back_as_they_went_in(drawn_pairs: list[EncodedPair], tmp_path: Path) -> None:
    pairs = odd_ones(drawn_pairs)
    spool = spooled(iter(pairs), tmp_path)
    assert len(spool) == len(pairs)
    assert all(same(one, other) for one, other in zip(spool, pairs, strict=True))
    assert same(spool[5], pairs[5])
    assert [int(n) for n in spool.lengths()] == [pair.length for pair in pairs]
    assert [bool(b) for b in spool.paired()] == [pair.rejected is not None for pair in pairs]
    with pytest.raises(IndexError):
        spool[len(pairs)]
    assert list(tmp_path.iterdir()) == []  # it has no name that somebody must clear away


def test_rewards_and_weights_come_back_too_and_anchors_have_no_rewards(
    drawn_pairs: list[EncodedPair], tmp_path: Path
) -> None:
    rewards = ((0.5, -1.5), (math.nan, 2.0), (1e9, 0.0))
    rich = [replace(pair, rewards=rewards, weight=place / 4) for place, pair in enumerate(drawn_pairs)]
    anchor = replace(drawn_pairs[0], rejected=None, weight=0.5)
    spool = spooled([*rich, anchor], tmp_path)
    assert [np.array_equal(pair.rewards, rewards, equal_nan=True) for pair in spool] == [True] * 12 + [False]
    assert np.isnan(spool[12].rewards).all()
    assert np.array_equal(spool.rewards()[[0, 11]], [rewards, rewards], equal_nan=True)
    assert spooled(drawn_pairs, tmp_path).rewards().shape == (12, 0, 2)
    assert [pair.weight for pair in spool] == [place / 4 for place in range(12)] + [0.5]
    spool.refer(range(len(spool)), {spool[3].id: (-1.25, -7.5)})
    assert spool[3].reference == (-1.25, -7.5)
    assert np.array_equal(spool[3].rewards, rewards, equal_nan=True)
    (batch,) = Cutting(10_000, 13).spooled(spool, share=(0, 1))
    assert batch.rewards.shape == (2, 3, 12)
    assert batch.rewards[:, 0].unique(dim=1).flatten().tolist() == [0.5, -1.5]


def test_reference_log_probs_are_noted_by_id(drawn_pairs: list[EncodedPair], tmp_path: Path) -> None:
    spool = spooled(drawn_pairs, tmp_path)
    assert not spool.unknown().any()
    spool.refer(range(len(spool)), {spool[3].id: (-1.25, -7.5)})
    assert [int(n) for n in np.flatnonzero(~spool.unknown())] == [3]
    assert spool[3].reference == (-1.25, -7.5)


@pytest.mark.parametrize("world", [1, 3])
def test_a_spool_is_measured_in_the_micro_batches_of_a_list(
    drawn_pairs: list[EncodedPair], tmp_path: Path, world: int
) -> None:
    pairs = odd_ones(drawn_pairs)
    spool = spooled(pairs, tmp_path)
    expected = Cutting(10_000, 4).batches(pairs)
    found = [one for rank in range(world) for one in Cutting(10_000, 4).spooled(spool, share=(rank, world))]
    assert len(found) % world == 0  # every process makes as many passes
    found = sorted((one for one in found if one.pairs or one.anchors), key=lambda one: one.number)
    assert [one.number for one in found] == [one.number for one in expected]
    assert all(one.input_ids.equal(other.input_ids) for one, other in zip(found, expected, strict=True))


def test_an_empty_spool_has_nothing(tmp_path: Path) -> None:
    spool = spooled([], tmp_path)
    assert (len(spool), list(spool), spool.lengths().tolist()) == (0, [], [])
    assert list(Cutting(10_000, 4).spooled(spool, share=(0, 1))) == []


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    scratch, full = Scratch(tmp_path), os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, scratch._descriptor)
    os.close(full)
    scratch.append(b"some bytes")
    with pytest.raises(DiskFull, match="The disk is full"):
        scratch.flush()
    with pytest.raises(DiskFull, match="The disk is full"):
        scratch.change(0, b"others")


GROW = """
import resource, sys
from pathlib import Path
import numpy as np
from trainer.encoded_pair import EncodedPair
from trainer.spool import spooled

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def pairs(number):
    ids = np.arange(500, dtype=np.int32)
    return (EncodedPair(f"pair_{n}", ids, ids, ids, 0.0, 0.0) for n in range(number))

folder = Path(sys.argv[1])
first = spooled(pairs(100), folder)
before = peak()
spool = spooled(pairs(20_000), folder)
assert sum(pair.length for pair in spool) == 20_000 * 1000
assert len(spool.lengths()) == 20_000
print((peak() - before) // 1024)
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A hundred and twenty megabytes of tokens go through; a twentieth of them stays."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", GROW, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    assert int(told.stdout) < 6
