"""Sets of pairs: their lengths, and what both trainers are given."""

import json
from pathlib import Path

import pytest

from bench.sets import chats, lengths


def test_drawn_sets_keep_their_bounds_and_are_the_same_each_time() -> None:
    drawn = lengths("long", 50)
    assert drawn == lengths("long", 50)
    assert all(200 <= p <= 500 and 20 <= w <= 60 and 20 <= lo <= 60 for p, w, lo in drawn)


def test_real_lengths_are_those_of_the_rows(tmp_path: Path) -> None:
    row = {"system": "Be brief.", "prompt": "What is it?", "chosen": "A sky.", "rejected": "I do not know."}
    (tmp_path / "truthfulness_pairs.jsonl").write_text(json.dumps(row) + "\n")
    scored = {"prompt": "Review it.", "draft": "It is good.", "revision": "It is bad, and long."}
    (tmp_path / "scored_self_critique.jsonl").write_text(json.dumps(scored) + "\n")
    assert lengths("real", 2, data=tmp_path) == [(5, 2, 4)] * 2
    assert lengths("scored", 1, data=tmp_path) == [(2, 5, 3)]


def test_without_the_real_rows_the_sets_that_need_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--sets short"):
        lengths("real", 2, data=tmp_path)


def test_chats_have_the_lengths_they_are_asked_for() -> None:
    (row,) = chats([(3, 2, 1)])
    assert [len(row[part][0]["content"].split()) for part in ("prompt", "chosen", "rejected")] == [3, 2, 1]
