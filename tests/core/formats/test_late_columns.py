"""Large files whose scores come late, in the library datasets: docs/howto.md says how they are loaded."""

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Features, List, Value, load_dataset

from core.formats.pair import FilePair, ScoredBy
from core.formats.write import write_pairs

BLOCK = 10 << 20  # from which the library tells the types of columns
PAIRS = 1_000
MESSAGES = List({"role": Value("string"), "content": Value("string")})
FEATURES = Features(
    prompt=MESSAGES,
    chosen=MESSAGES,
    rejected=MESSAGES,
    score_chosen=Value("float64"),
    score_rejected=Value("float64"),
    scores=List({"scorer": Value("string"), "chosen": Value("float64"), "rejected": Value("float64")}),
    weight=Value("float64"),
)


def pair(number: int) -> FilePair:
    """Nothing but texts in all pairs that fit into the first block."""
    late = number >= PAIRS - 50
    return FilePair(
        line=number,
        messages=[{"role": "user", "content": f"question {number}"}],
        chosen="c" * 6_000,
        rejected="r" * 6_000,
        score_chosen=1.0 if late else None,
        score_rejected=0.5 if late else None,
        scores={"rule:length": ScoredBy(1.0, 0.0)} if late else {},
        origin={"review": "accept" if late else None, "weight": 2.0 if late else None},
    )


@pytest.mark.parametrize(
    ("format", "kind", "how"),
    [
        ("trl", "json", {"features": FEATURES}),
        ("trl", "json", {"chunksize": 1 << 30}),
        ("jsonl", "json", {"chunksize": 1 << 30}),
        ("openai", "json", {}),
        ("parquet", "parquet", {}),
    ],
)
def test_a_column_that_is_empty_for_a_whole_block_is_loaded(
    tmp_path: Path, format: str, kind: str, how: dict[str, Any]
) -> None:
    path = tmp_path / "pairs"
    path.write_bytes(b"".join(write_pairs(map(pair, range(PAIRS)), format)))
    if kind == "json":
        assert path.stat().st_size > BLOCK
        first = path.read_bytes()[:BLOCK].splitlines()[:-1]
        assert all(json.loads(line).get("score_chosen") is None for line in first)
    found = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"), **how)
    assert len(found) == PAIRS
    if format != "openai":
        assert (found[0]["score_chosen"], found[PAIRS - 1]["score_chosen"]) == (None, 1.0)
        assert (found[0]["weight"], found[PAIRS - 1]["weight"]) == (None, 2.0)
    if format == "jsonl":
        assert (found[0]["review"], found[PAIRS - 1]["review"]) == (None, "accept")
