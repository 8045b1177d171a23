"""Our trainer on one GPU, with its MFU, and TRL beside it where it is installed. Nothing is downloaded.

    python -m bench.gpu_trainer --size 0.5b 1.7b

Students are made from a config, with a tokenizer made in place. First both are held against each other in float32 on
two layers of each student; then each side works in a process of its own, in the order A B C, C B A, so that its memory
is its own; ours is there twice and has to be as quick as itself. Without the real lengths ask for `--sets short long`.
Writes `bench/results/gpu-trainer.json` and ends in a table.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer

from bench.agreement import agree, agree_when_rounded, agree_with_ours, move
from bench.alone import Told, Work, apart
from bench.flops import of_pairs, peak
from bench.ours import ours
from bench.padding import needed
from bench.peer import INSTALLED, peer
from bench.ratio import unusable
from bench.result import FOLDER, write_part
from bench.rotation import Figures, Round, ratios, rows
from bench.rungs import cuts
from bench.sets import SETS, encoded
from bench.setting import Setting
from bench.shapes import SHAPES, Shape, make
from bench.window import Window
from trainer.encoded_pair import EncodedPair
from trainer.encoding import chat_encoder

PEERS = ("default", "best")
Start = Callable[[Setting, Work], Told]  # lets a side work, usually in a process of its own
Results = dict[str, list[Told]]  # of each side's processes


def gate(shape: Shape, options: argparse.Namespace) -> dict[str, Any]:
    """Ours against ours otherwise cut and against TRL, in float32, on two layers; then in the device's arithmetic.

    Raises SystemExit if they differ.
    """
    with tempfile.TemporaryDirectory(prefix="burnish-bench-") as made:
        folder = make(replace(shape, layers=2), Path(made), device=options.device)
        setting = Setting(folder, "short", options.batch, 1, options.device, "float32")
        own = ours(setting)
        others = {"peer": peer(setting, best=True)} if options.peers else {}
        rounded = ours(replace(setting, dtype="auto"))
        move([own.student.model, rounded.student.model, *(other.trainer.model for other in others.values())])
        told = agree_with_ours(own, cuts(own, 0)) | {name: agree(own, other) for name, other in others.items()}
        return told | {"bfloat16": agree_when_rounded(own, rounded)}


def work(setting: Setting, options: argparse.Namespace, start: Start) -> Results:
    """Every side twice, in one order and in the other, and ours once more as `same`.

    TRL's best looks for its quickest micro-batch the first time.
    """
    sides = ["ours", *options.peers, "same"]
    micro = {"ours": 0, "same": 0, "default": min(8, options.batch), "best": 0}  # eight is what TRL takes by itself
    found: Results = {side: [] for side in sides}
    for side in [*sides, *reversed(sides)]:
        print(f"{setting.name}: {side} ...", file=sys.stderr, flush=True)
        told = start(setting, Work("ours" if side == "same" else side, micro[side], options.steps, options.rounds))
        micro[side] = told["micro"]
        found[side].append(told)
    return found


def memory(setting: Setting, options: argparse.Namespace, found: Results, start: Start) -> Figures:
    """The peak of ours over each peer's, in forward passes of as many pairs as the peer's."""
    told: Figures = {}
    for side in options.peers:
        other = max(one["peak_mib"] for one in found[side])
        own = float(start(setting, Work("ours", found[side][-1]["micro"], options.steps, 1))["peak_mib"])
        told[f"memory/{side}"] = {"ratio": own / other, "ours_mib": own, "other_mib": other}
    return told


def rounds_of(found: Results) -> list[Round]:
    """The windows of the same number of a side's two processes, summed."""
    summed = {
        side: [Window(**a) + Window(**b) for a, b in zip(*(one["windows"] for one in told), strict=True)]
        for side, told in found.items()
    }
    return [dict(zip(summed, windows, strict=True)) for windows in zip(*summed.values(), strict=True)]


def rates(shape: Shape, pairs: list[EncodedPair], found: Results, device: str) -> Figures:
    """Of each side: pairs and useful tokens a second (median), useful operations, their share of the peak; memory."""
    told: Figures = {}
    rounds = rounds_of(found)
    for side in found.keys() - {"same"}:
        rate = float(np.median([each[side].rate for each in rounds]))
        operations = rate * of_pairs(shape, pairs) / len(pairs)
        told[side] = {
            "pairs_per_second": rate,
            "tokens_per_second": rate * needed(pairs) / len(pairs),
            "teraflops": operations / 1e12,
            "peak_mib": max(one["peak_mib"] for one in found[side]),
        }
        if could := peak(device):
            told[side]["mfu"] = operations / could
    return told


def measure(size: str, setting: Setting, options: argparse.Namespace, start: Start) -> None:
    """One student on one set, printed and written."""
    device = torch.cuda.get_device_name(options.device) if options.device.type == "cuda" else "cpu"
    found = work(setting, options, start)
    rounds = rounds_of(found)
    encoder = chat_encoder(AutoTokenizer.from_pretrained(setting.folder), frozenset())
    each = rates(SHAPES[size], encoded(encoder, setting.rows()), found, device)
    part = f"{size}/{setting.name}"
    told = {f"{side}/{part}": ratios("", rounds, "ours", side)[""] for side in found if side != "ours"}
    told |= {f"{row}/{part}": values for row, values in memory(setting, options, found, start).items()}
    told |= {f"rate/{side}/{part}": values for side, values in each.items()}
    settings = {name: str(value) for name, value in vars(options).items()} | {"name": device}
    settings["micro"] = json.dumps({side: processes[-1]["micro"] for side, processes in found.items()})
    settings["unusable"] = json.dumps(unusable(told, [f"same/{part}"]))
    write_part("gpu-trainer", part, settings=settings, rows=rows(rounds, part), summary=told, folder=options.results)


def table(summary: Figures, parts: Iterable[str]) -> str:
    """What came out, a line for a student, set and side."""
    lines = [f"{'student/set':18s}{'side':10s}{'tokens/s':>12s}{'MFU':>8s}{'ours over it':>24s}{'memory, MiB':>14s}"]
    for part in parts:
        for side in ("ours", *PEERS):
            if rate := summary.get(f"rate/{side}/{part}"):
                ratio = summary.get(f"{side}/{part}")
                over = f"{ratio['ratio']:.2f} ({ratio['low']:.2f} - {ratio['high']:.2f})" if ratio else ""
                mfu = f"{rate['mfu']:.1%}" if "mfu" in rate else "-"
                mib = f"{rate['peak_mib']:,.0f}"
                lines.append(f"{part:18s}{side:10s}{rate['tokens_per_second']:12,.0f}{mfu:>8s}{over:>24s}{mib:>14s}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None, start: Start = apart) -> None:
    """Student by student: make it, hold the sides against each other, measure set by set; then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", nargs="+", default=["0.5b", "1.7b"], choices=list(SHAPES))
    parser.add_argument("--sets", nargs="+", default=["real"], choices=SETS)
    parser.add_argument("--device", type=torch.device, default="cuda")
    parser.add_argument("--batch", type=int, default=32, help="pairs of an optimizer step")
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--steps", type=int, default=2, help="steps in one window")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--peers", nargs="*", default=PEERS if INSTALLED else (), choices=PEERS, help="none: ours alone"
    )
    parser.add_argument("--results", type=Path, default=FOLDER, help="folder of gpu-trainer.json")
    options = parser.parse_args(arguments)
    for size in options.size:
        print(f"{size}: the results are the same: {json.dumps(gate(SHAPES[size], options))}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="burnish-bench-") as made:
            folder = make(SHAPES[size], Path(made), device=options.device)
            for name in options.sets:
                measure(size, Setting(folder, name, options.batch, options.batches, options.device), options, start)
    summary = json.loads((options.results / "gpu-trainer.json").read_text())["summary"]
    print(table(summary, [f"{size}/{name}" for size in options.size for name in options.sets]))


if __name__ == "__main__":
    main()
