"""Identifiers sort by the time of their making."""

import time
from itertools import pairwise

import pytest

from core import ids
from core.ids import ALPHABET, new_id


def test_an_id_has_its_prefix_and_twenty_six_characters() -> None:
    prefix, _, rest = new_id("run").partition("_")
    assert prefix == "run"
    assert len(rest) == 26
    assert set(rest) <= set(ALPHABET)


def test_ids_of_later_milliseconds_sort_later(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0, 1, 999, 10**9, time.time_ns() // 10**6, 2**47]
    made = []
    for moment in moments:
        monkeypatch.setattr(ids.time, "time_ns", lambda moment=moment: moment * 10**6)
        made.append([new_id("ds") for _ in range(20)])
    for earlier, later in pairwise(made):
        assert max(earlier) < min(later)


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id("ds") for _ in range(1000)}) == 1000
