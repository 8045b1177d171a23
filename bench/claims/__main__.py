"""`make claims`: train and examine what is not there yet, then tell and write what the methods' claims come to."""

import argparse
from dataclasses import asdict

from bench.claims import told, world
from bench.claims.arm import TRAINING, Cell
from bench.claims.claim import CLAIMS, SWEEP, Claim
from bench.claims.inequality import Results
from bench.claims.measure import PROCESSES, measure
from bench.claims.plot import plot
from bench.claims.sheet import Sheet
from bench.result import FOLDER, store_part

SHEET = world.FOLDER / "cells.jsonl"


def main(arguments: list[str] | None = None) -> None:
    """All claims, or those that are named, in the order of their table."""
    parser = argparse.ArgumentParser(prog="python -m bench.claims", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="seeds of each arm")
    parser.add_argument("--only", nargs="+", choices=CLAIMS, default=list(CLAIMS), help="claims to measure")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="cells side by side, each on a core")
    options = parser.parse_args(arguments)
    sheet = Sheet(SHEET)
    for name in options.only:
        claim = CLAIMS[name]
        cells = [Cell(arm, seed) for seed in range(options.seeds) for arm in claim.arms]
        measure(sheet, cells, processes=options.processes)
        tell(name, claim, found(sheet, claim, options.seeds))
    draw(sheet, options.seeds)


def found(sheet: Sheet, claim: Claim, seeds: int) -> Results:
    """By arm what its cells found, seed by seed; arms that lack a seed are left out."""
    keys = {arm.name: [Cell(arm, seed).key for seed in range(seeds)] for arm in claim.arms}
    whole = {name: cells for name, cells in keys.items() if all(key in sheet.results for key in cells)}
    return {name: [sheet.results[key] for key in cells] for name, cells in whole.items()}


def tell(name: str, claim: Claim, results: Results) -> None:
    """Print a claim's table and write its part of `claims.json`."""
    for line in told.table(claim, results):
        print(line, flush=True)
    summary = told.summary(claim, results)
    seeds = len(next(iter(results.values())))
    if name == SWEEP:
        summary |= told.crossings(results)
    arms = {
        arm.name: {"pairs": asdict(arm.recipe), "method": arm.method, "training": arm.training} for arm in claim.arms
    }
    settings = {"seeds": seeds, **world.SETTINGS, "training": TRAINING, "arms": arms}
    store_part("claims", name, settings=settings, rows=told.rows(claim, results), summary=summary)


def draw(sheet: Sheet, seeds: int) -> None:
    """Draw what is known of rdpo."""
    known = {**found(sheet, CLAIMS["rdpo"], seeds), **found(sheet, CLAIMS[SWEEP], seeds)}
    if all(arm.name in known for arm in CLAIMS["rdpo"].arms):
        (FOLDER / "claims.svg").write_text(plot(known, seeds=seeds))


if __name__ == "__main__":
    main()
