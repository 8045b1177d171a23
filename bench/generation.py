"""The generating side against its limits and its peer. `make bench-generation`; `bench/README.md` explains each row."""

import argparse
from collections.abc import Callable
from typing import Any

from bench import ledger, peers, pipeline
from bench.mock_teacher import SLOTS, TOKEN_SECONDS
from bench.ratio import unusable
from bench.result import write_part

Measured = tuple[list[dict[str, Any]], dict[str, dict[str, float]]]


def pairs_per_second() -> Measured:
    """What `make bench-ledger` measures: the row `pairs-per-second` alone."""
    rows, summary = ledger.measure()
    return rows, {"pairs-per-second": summary["pairs-per-second"]}


def options() -> argparse.ArgumentParser:
    """What can be chosen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--prompts",
        type=int,
        default=480,
        help="prompts of pipeline and engine in a window, 480 at most; two chains each",
    )
    parser.add_argument("--rounds", type=int, default=10, help="of pipeline and engine, and of engine and engine")
    parser.add_argument("--peer-prompts", type=int, default=1024, help="pairs in a window beside distilabel")
    parser.add_argument(
        "--peer-rounds", type=int, default=10, help="beside distilabel: each is two times five windows, five minutes"
    )
    parser.add_argument("--only", choices=["engine", "peers", "ledger"], action="append")
    return parser


def main() -> None:
    """Measure part by part, print, and write `bench/results/generation.json`; parts not measured stay as they were."""
    chosen = options().parse_args()
    parts: dict[str, Callable[[], Measured]] = {
        "engine": lambda: pipeline.measure(chosen.prompts, chosen.rounds),
        "peers": lambda: peers.measure(chosen.peer_prompts, chosen.peer_rounds),
        "ledger": pairs_per_second,  # the last: it has a PostgreSQL of its own
    }
    told = {**vars(chosen), "slots": SLOTS, "token_seconds": TOKEN_SECONDS}
    for name in chosen.only or parts:
        found, figures = parts[name]()
        beside_itself = [row for row in figures if row.startswith("engine/same")]
        settings = told | {"unusable": unusable(figures, beside_itself)}
        write_part("generation", name, settings=settings, rows=found, summary=figures)


if __name__ == "__main__":
    main()
