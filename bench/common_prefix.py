"""How much of two answers of a pair is the same from the start: the part that a trainer could compute once.

On chains that the tiny teacher makes in the run, in tokens of its tokenizer; and on the real pairs of `shared/data`,
where that folder stands beside the checkout, in words, and in tokens of the same tokenizer, which knows no English and
so gives about a token a letter. `make bench-common-prefix`.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from bench.pipeline import loaded
from bench.result import write
from core.database import transaction
from core.settings import ROOT
from core.tables import Chain
from workers.chat import Chat
from workers.engine.weights import weights

REAL = {  # file: the names of its two answers
    "scored_self_critique": ("draft", "revision"),
    "truthfulness_pairs": ("chosen", "rejected"),
}
RESAMPLES = 4000
Texts = Sequence[tuple[str, str]]
Split = Callable[[str], Sequence[Any]]


def made(prompts: int) -> Texts:
    """Drafts and revisions of the tiny teacher."""
    with loaded(prompts) as sides:
        dataset = sides.dataset(0)
        sides.drain()
    statement = select(Chain.draft, Chain.revision).where(Chain.dataset_id == dataset, Chain.state == "done")
    with transaction() as session:
        return [(str(draft), str(revision)) for draft, revision in session.execute(statement)]


def stored(file: Path, names: tuple[str, str]) -> Texts:
    """The two answers of each line."""
    first, second = names
    return [(row[first], row[second]) for row in map(json.loads, file.read_text().splitlines())]


def common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many parts both begin with."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def measured(texts: Texts, split: Split) -> tuple[list[dict[str, int]], dict[str, float]]:
    """Raw rows, and: pairs, share of those that begin alike, median common prefix, its median share of the shorter."""
    parts = [(split(one), split(other)) for one, other in texts]
    rows = [{"common": common(a, b), "shorter": min(len(a), len(b))} for a, b in parts]
    counts = np.asarray([(row["common"], max(row["shorter"], 1)) for row in rows], dtype=np.float64)
    shares = counts[:, 0] / counts[:, 1]
    draws = np.random.Generator(np.random.PCG64(0)).integers(0, len(shares), (RESAMPLES, len(shares)))
    low, high = np.quantile(np.median(shares[draws], axis=1), (0.025, 0.975))
    return rows, {
        "pairs": len(rows),
        "begin_alike": float((counts[:, 0] > 0).mean()),
        "median": float(np.median(counts[:, 0])),
        "of_shorter": float(np.median(shares)),
        "low": float(low),
        "high": float(high),
    }


def main() -> None:
    """Measure, print, and write `bench/results/common-prefix.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=480)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    tokens: Split = Chat(weights("tiny-teacher").tokenizer).ids
    looked_at: list[tuple[str, Texts, Split]] = [("tiny-teacher/tokens", made(options.prompts), tokens)]
    for name, answers in REAL.items():
        file = options.data / f"{name}.jsonl"
        if not file.exists():
            print(f"{file} is not here: nothing is told of it.")
            continue
        texts = stored(file, answers)
        looked_at += [(f"{name}/words", texts, str.split), (f"{name}/tokens", texts, tokens)]
    rows, summary = [], {}
    for name, texts, split in looked_at:
        found, summary[name] = measured(texts, split)
        rows += [{"of": name, **row} for row in found]
    write("common-prefix", settings={"prompts": options.prompts}, rows=rows, summary=summary)


if __name__ == "__main__":
    main()
