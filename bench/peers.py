"""Burnish against distilabel over the same endpoint: the same three-turn chains, the same answers.

The endpoint takes a bounded number of requests at once; Burnish is told that number, distilabel the size of a batch,
and each of its three steps has a batch under way. A round is one window of Burnish and one of distilabel for each
batch, in one order and then in the other; within a round all make chains of the same prompts.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.contender import Contender, Made, Side
from bench.endpoint import Endpoint, serving
from bench.mock_teacher import MOST, answer
from bench.ratio import summary
from bench.sides import burnish, distilabel

BATCHES = {"default": 50, "128": 128, "512": 512, "1024": 1024}
TAILS = {"": "light", "/heavy": "heavy"}  # what rows are called
INSTRUCTIONS = ("Say what is wrong with your answer.", "Write the answer again.")
KILLED = 512  # prompts
LEASE_SECONDS = 4.0  # where a killed worker's work is taken up again
RESUME_SECONDS = 30.0  # without a request; the longest answer takes a third of it
LOOK_SECONDS = 0.02
Row = dict[str, Any]
Figures = dict[str, dict[str, float]]


def asked(endpoint: Endpoint, folder: Path, *, name: str, tails: str, prompts: Sequence[str]) -> Row:
    """What a side is told."""
    return {
        "name": name,
        "folder": str(folder),
        "base_url": endpoint.base_url,
        "model": tails,
        "sampling": {"temperature": 0.7, "top_p": 1.0, "max_new_tokens": MOST},
        "instructions": INSTRUCTIONS,
        "prompts": prompts,
    }


def right(prompts: Sequence[str], tails: str) -> list[list[str]]:
    """What the endpoint says to these prompts, turn by turn."""
    return [[answer(prompt, turn, tails).text for turn in range(3)] for prompt in prompts]


def check(made: Made, prompts: Sequence[str], tails: str, *, who: str) -> None:
    """Raises SystemExit when a side did not make every pair once, as the endpoint said it."""
    wrong = sum(pair != turns for pair, turns in zip(made.pairs, right(prompts, tails), strict=True))
    if wrong or made.doubled:
        raise SystemExit(f"{who}: {wrong} pairs are wrong or not there, {made.doubled} came twice: no speed is told.")


def compare(endpoint: Endpoint, sides: dict[str, Contender], *, prompts: int, rounds: int) -> Iterator[Row]:
    """Raw rows: one for each window."""
    windows = [("burnish", 0), *(("distilabel", batch) for batch in BATCHES.values())]
    for number in range(rounds):
        for tails in TAILS.values():
            texts = [f"Round {number} has a question with the number {index}." for index in range(prompts)]
            for who, batch in windows[:: -1 if number % 2 else 1]:
                with tempfile.TemporaryDirectory(prefix="burnish-bench-") as folder:
                    told = asked(endpoint, Path(folder), name=f"{tails}-{batch}-{number}", tails=tails, prompts=texts)
                    made = sides[who].make(told | {"batch": batch}, endpoint)
                check(made, texts, tails, who=who)
                told_of = f"round {number + 1} of {rounds}, {tails} tails, {who} {batch or ''}"
                print(f"{told_of}: {made.window.seconds:.1f} s", file=sys.stderr, flush=True)
                yield {
                    "round": number, "tails": tails, "side": who, "batch": batch, "first_pair": made.first_pair,
                    **asdict(made.window),
                }  # fmt: skip


def figures(rows: Sequence[Row]) -> Figures:
    """Ratios over distilabel: pairs a second, CPU-seconds of a pair, seconds to the first durable pair."""
    found: Figures = {}
    for suffix, tails in TAILS.items():
        ours = [row for row in rows if row["tails"] == tails and row["side"] == "burnish"]
        for name, batch in BATCHES.items():
            theirs = [row for row in rows if row["tails"] == tails and row["batch"] == batch]
            pairs = list(zip(ours, theirs, strict=True))
            row = f"distilabel/{name}{suffix}"
            found[row] = summary([(b["seconds"], a["seconds"]) for a, b in pairs])
            found[f"{row}/cpu"] = summary([(b["cpu"], a["cpu"]) for a, b in pairs])
            found[f"{row}/first-pair"] = summary([(b["first_pair"], a["first_pair"]) for a, b in pairs])
    return found


def killed(side: Side, endpoint: Endpoint, folder: Path) -> dict[str, float]:
    """Kill a side when half of its requests were asked, start it anew: what is lost, doubled, asked for again.

    A side that does nothing for RESUME_SECONDS has not resumed.
    """
    texts = [f"Question {index}, and then the light goes out." for index in range(KILLED)]
    told = asked(endpoint, folder, name=f"killed-{side.name}", tails="heavy", prompts=texts) | {"batch": 50}
    endpoint.forget()
    with Contender(side) as first:
        first.begin(told)
        while endpoint.told()["asked"] < 3 * KILLED / 2:
            time.sleep(LOOK_SECONDS)
        first.kill()
    with Contender(side) as second:
        second.begin(told | {"again": True})
        asked_then = -1
        while not second.answers(RESUME_SECONDS):
            if asked_then == (asked_then := endpoint.told()["asked"]):
                second.kill()
                return {"resumed": 0.0}
        said = second.answer()
    lost = sum(pair != turns for pair, turns in zip(said["pairs"], right(texts, "heavy"), strict=True))
    return {"resumed": 1.0, "lost": lost, "doubled": said["doubled"], "again": endpoint.told()["again"]}


def measure(prompts: int, number: int) -> tuple[list[Row], Figures]:
    """Raw rows, and the summary's rows."""
    with ExitStack() as open_ones, serving() as endpoint:
        data = Path(open_ones.enter_context(tempfile.TemporaryDirectory(prefix="burnish-bench-")))
        sides = [burnish(endpoint, data), distilabel()]
        working = {side.name: open_ones.enter_context(Contender(side)) for side in sides}
        rows = list(compare(endpoint, working, prompts=prompts, rounds=number))
        ends = {
            f"killed/{side.name}": killed(side, endpoint, data)
            for side in (burnish(endpoint, data, lease_seconds=LEASE_SECONDS), distilabel())
        }
    return rows, figures(rows) | ends
