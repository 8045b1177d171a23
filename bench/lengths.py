"""Lengths of pairs for the trainer's benchmarks, in words: short ones, long prompts, and those of real pairs."""

import json

import numpy as np

from core.settings import ROOT

REAL = ROOT.parent / "shared" / "data" / "truthfulness_pairs.jsonl"
DRAWN = {  # least and most words of prompt and answers
    "short": ((10, 40), (5, 20)),
    "long": ((200, 500), (20, 60)),
}
Lengths = tuple[int, int, int]  # prompt, chosen, rejected


def lengths(name: str, number: int) -> list[Lengths]:
    """So many pairs of a set, drawn from a seed. Raises SystemExit when the real ones are not at hand."""
    generator = np.random.Generator(np.random.PCG64(0))
    if name in DRAWN:
        bounds = (DRAWN[name][part] for part in (0, 1, 1))
        columns = [generator.integers(least, most + 1, number).tolist() for least, most in bounds]
        return list(zip(*columns, strict=True))
    if not REAL.is_file():
        raise SystemExit(f"The real lengths are those of {REAL}, which is not there; ask for --lengths short long.")
    rows = [json.loads(line) for line in REAL.read_text().splitlines()]
    chosen = generator.choice(len(rows), number, replace=number > len(rows))
    return [_words(rows[int(place)]) for place in chosen]


def _words(row: dict[str, str]) -> Lengths:
    prompt = f"{row.get('system', '')} {row['prompt']}"
    counted = [max(1, len(text.split())) for text in (prompt, row["chosen"], row["rejected"])]
    return counted[0], counted[1], counted[2]
