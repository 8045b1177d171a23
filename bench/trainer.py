"""Our trainer beside TRL's DPOTrainer on a CPU. `make bench-trainer`; `bench/README.md` explains each row.

Same weights, pairs, order, dtype, optimizer, batch and threads; start-up stands apart. A set of lengths is a part of
the result and can be measured alone. No ratio is printed unless log-probs, loss and gradients agree.
"""

import argparse
import json
import sys
import tempfile
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from datasets import disable_progress_bars  # type: ignore[import-untyped]  # ships no types
from transformers.utils import logging

from bench.agreement import agree, agree_with_ours, move, same_pairs
from bench.alone import Work, apart
from bench.ours import Ours, ours
from bench.padding import Padding, needed, of_batches, of_rectangles
from bench.peer import Peer, peer, swept
from bench.ratio import unusable
from bench.result import FOLDER, write_part
from bench.rotation import Figures, Rotation, Round, Step, ratios, read, rows, spread, whole
from bench.rungs import cuts, rungs
from bench.sets import SETS
from bench.setting import Setting
from bench.shapes import SHAPES, make

PEERS = ("default", "best", "same-head")
RUNGS = ("bucket", "share", "plain", "cache", "head", "sync")
ROWS = {f"cpu/{name}": name for name in (*PEERS, "same")} | {f"cpu/rung/{name}": name for name in RUNGS}
EPOCHS = (1, 3)
STEPS = {"short": 4, "real": 2, "scored": 1, "long": 1}  # in one window: all sets take about as long
MEMORY_STEPS = 4


@dataclass(frozen=True)
class Sides:
    """Our trainer, TRL in its three ways, and how far they are apart."""

    ours: Ours
    peers: dict[str, Peer]
    apart: dict[str, dict[str, float]]

    def steps(self) -> dict[str, Step]:
        """What takes turns: both trainers, ours again, its rungs, and what is computed beforehand."""
        trained: dict[str, Step] = {name: other.step for name, other in self.peers.items()}
        before: dict[str, Step] = {f"precompute-{name}": self.peers[name].log_probs for name in PEERS[1:]}
        own: dict[str, Step] = {"ours": self.ours.step, "same": self.ours.step}
        return own | trained | rungs(self.ours) | before | {"precompute-ours": self.ours.refer}

    def padding(self) -> dict[str, Padding]:
        """Of ours, and of TRL in its three ways, on all pairs."""
        own = [
            batch for number in range(self.ours.batches()) for batch in self.ours.cutting.batches(self.ours.cut(number))
        ]
        found = {"ours": of_batches(self.ours.pairs, own)}
        return found | {name: of_rectangles(self.ours.pairs, other.micro) for name, other in self.peers.items()}


def set_up(setting: Setting) -> Sides:
    """Load all sides, move their weights off the reference, hold them against each other, find TRL's quickest cuts."""
    own, default, best = ours(setting), peer(setting, best=False), peer(setting, best=True)
    move([own.student.model, default.trainer.model, best.trainer.model])
    peers = {"default": default, "best": best, "same-head": replace(best, answers_only=True)}
    told = agree_with_ours(own, cuts(own, 0))
    for name, other in peers.items():
        same_pairs(own, other)
        told[name] = agree(own, other)
    return Sides(own, peers | {name: swept(peers[name]) for name in PEERS[1:]}, told)


def take_turns(sides: Sides, setting: Setting, options: argparse.Namespace) -> list[Round]:
    """All rounds of a set, told as they come."""
    rotation = Rotation(options.steps or STEPS[setting.name], options.batch, setting.device)
    steps, rounds = sides.steps(), []
    for step in steps.values():
        rotation.window(step, 0)
    for number in range(options.rounds):
        rounds.append(rotation.round(steps, number))
        rates = "  ".join(f"{name} {rounds[-1][name].thrift:.1f}" for name in ("ours", "same", *PEERS))
        print(f"{setting.name}, round {number + 1} of {options.rounds}, pairs a CPU-second: {rates}", file=sys.stderr)
    return rounds


def figures(rounds: list[Round], name: str) -> Figures:
    """The summary's ratios of a set."""
    found: Figures = {}
    for row, other in ROWS.items():
        found |= ratios(f"{row}/{name}", rounds, "ours", other)
    for other in PEERS:
        for epochs in EPOCHS:
            found |= spread(f"cpu/{other}/{name}", rounds, other, epochs=epochs)
    return found


def tokens(sides: Sides, rounds: list[Round]) -> dict[str, float]:
    """Useful tokens a second of each trainer, its precomputing apart: mean over all windows."""
    mean = needed(sides.ours.pairs) / len(sides.ours.pairs)

    def rate(side: str) -> float:
        return mean * sum(found[side].units for found in rounds) / sum(found[side].seconds for found in rounds)

    return {name: rate(name) for name in ("ours", *PEERS, "precompute-ours", "precompute-best")}


def memory(setting: Setting, micro: int) -> Figures:
    """Peak of each side over what its process had before it, the batch in one micro-batch or in TRL's quickest ones."""
    found: Figures = {}
    for row, size, sides in (("memory", setting.batch, ("default", "best")), ("memory/quickest", micro, ("best",))):
        mib = {}
        for side in ("ours", *sides):
            print(f"{setting.name}, {row} of {side}", file=sys.stderr)
            mib[side] = float(apart(setting, Work(side, size, MEMORY_STEPS, 1))["peak_mib"])
        for side in sides:
            figures = {"ratio": mib["ours"] / mib[side], "ours_mib": mib["ours"], "other_mib": mib[side]}
            found[f"{row}/{side}/{setting.name}"] = figures
    return found


def of_set(setting: Setting, options: argparse.Namespace) -> None:
    """Measure a set, print it, and write it."""
    sides = set_up(setting)
    print(f"{setting.name}: the trainers agree: {json.dumps(sides.apart)}", file=sys.stderr)
    rounds = take_turns(sides, setting, options)
    told = figures(rounds, setting.name) | {f"tokens/{setting.name}": tokens(sides, rounds)}
    told |= {f"padding/{side}/{setting.name}": padding.figures for side, padding in sides.padding().items()}
    told |= memory(setting, sides.peers["best"].micro)
    settings: dict[str, Any] = {**vars(options), "threads": torch.get_num_threads(), "apart": sides.apart}
    settings |= {"shape": asdict(SHAPES["tiny"]), "window": options.steps or STEPS[setting.name]}
    settings["micro"] = {name: other.micro for name, other in sides.peers.items()}
    settings["unusable"] = unusable(told, [f"cpu/same/{setting.name}", f"cpu/same/{setting.name}/cpu-seconds"])
    write_part("trainer", setting.name, settings=settings, rows=rows(rounds, setting.name), summary=told)


def of_all() -> None:
    """The rows of all sets together, when all are there."""
    sets = read(row for row in json.loads((FOLDER / "trainer.json").read_text())["rows"] if "side" in row)
    if missing := [name for name in SETS if name not in sets]:
        print(f"The rows of all sets together wait for {', '.join(missing)}.", file=sys.stderr)
        return
    told: Figures = {}
    for row, other in ROWS.items():
        told |= whole(row, [sets[name] for name in SETS], "ours", other)
    write_part("trainer", "whole", settings={"sets": SETS}, rows=[], summary=told)


def main() -> None:
    """Set by set: gate, warm up, take turns, write; then all of them together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=8, help="pairs of an optimizer step")
    parser.add_argument("--steps", type=int, help=f"steps in one window; left out: {STEPS}")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # what TRL says of its own future
    disable_progress_bars()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory(prefix="burnish-bench-") as made:
        folder = make(SHAPES["tiny"], Path(made), device=torch.device("cpu"))
        for name in options.sets:
            of_set(Setting(folder, name, options.batch, 20, torch.device("cpu")), options)
    of_all()


if __name__ == "__main__":
    main()
