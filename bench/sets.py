"""Sets of pairs for the trainer's benchmarks: drawn words, short, with long prompts, or as long as real ones."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from core.settings import ROOT
from trainer.encoded_pair import EncodedPair
from trainer.encoding import ChatEncoder

DATA = ROOT.parent / "shared" / "data"
DRAWN = {  # least and most words of prompt and answers
    "short": ((10, 40), (5, 20)),
    "long": ((200, 500), (20, 60)),
}
REAL = {  # file, and the columns of its prompt, its chosen and its rejected answer
    "real": ("truthfulness_pairs.jsonl", ("system", "prompt"), "chosen", "rejected"),
    "scored": ("scored_self_critique.jsonl", ("prompt",), "revision", "draft"),
}
SETS = ("short", "real", "scored", "long")
WORDS = ("the", "sky", "is", "blue", "and", "water", "wet", "so", "please", "tell", "me", "what", "you", "think")
Lengths = tuple[int, int, int]  # words of prompt, chosen, rejected


def lengths(name: str, number: int, *, data: Path = DATA) -> list[Lengths]:
    """So many pairs of a set, drawn from a seed. Raises SystemExit when the real ones are not at hand."""
    generator = np.random.Generator(np.random.PCG64(0))
    if name in DRAWN:
        bounds = (DRAWN[name][part] for part in (0, 1, 1))
        columns = [generator.integers(least, most + 1, number).tolist() for least, most in bounds]
        return list(zip(*columns, strict=True))
    file, prompt, chosen, rejected = REAL[name]
    if not (data / file).is_file():
        raise SystemExit(
            f"The lengths of {name!r} are those of {data / file}, which is not there; ask for --sets short."
        )
    rows = [json.loads(line) for line in (data / file).read_text().splitlines()]
    places = generator.choice(len(rows), number, replace=number > len(rows)).tolist()
    return [(_words(rows[at], prompt), _words(rows[at], (chosen,)), _words(rows[at], (rejected,))) for at in places]


def chats(drawn: Iterable[Lengths]) -> list[dict[str, Any]]:
    """Rows as both trainers take them, of these lengths, their words drawn from a seed."""
    generator = np.random.Generator(np.random.PCG64(0))

    def turn(role: str, length: int) -> list[dict[str, str]]:
        words = " ".join(WORDS[at] for at in generator.integers(len(WORDS), size=length))
        return [{"role": role, "content": words}]

    return [
        {"prompt": turn("user", p), "chosen": turn("assistant", w), "rejected": turn("assistant", lo)}
        for p, w, lo in drawn
    ]


def encoded(encoder: ChatEncoder, rows: Iterable[dict[str, Any]]) -> list[EncodedPair]:
    """The chats as our trainer reads them."""
    pairs = []
    for number, row in enumerate(rows):
        prompt = encoder.prompt(row["prompt"])
        answers = [encoder.answer(row["prompt"], prompt, row[side][0]["content"])[0] for side in ("chosen", "rejected")]
        ids = [np.asarray(part, dtype=np.int32) for part in (prompt, *answers)]
        pairs.append(EncodedPair(str(number), ids[0], ids[1], ids[2], 0.0, 0.0))
    return pairs


def _words(row: dict[str, str], columns: Iterable[str]) -> int:
    return max(1, sum(len(row.get(column, "").split()) for column in columns))
