"""Takes the cells that lack a result. What a process of the pool runs stands in a module that it can import."""

from bench.claims.arm import Cell
from bench.claims.cell import run
from bench.claims.pool import side_by_side
from bench.claims.sheet import Result, Sheet
from bench.claims.world import world

PROCESSES = 2
World = tuple[str, int]


def measure(sheet: Sheet, cells: list[Cell], *, processes: int = PROCESSES) -> None:
    """Take the cells that lack a result: first their worlds, which several share."""
    lacking = sheet.lacking(cells)
    worlds = dict.fromkeys((each, cell.seed) for cell in lacking for each in cell.worlds)
    side_by_side(
        make, worlds, processes=processes, ended=lambda made, number: f"{made[0]}, seed {made[1]}: {number} pairs"
    )

    def ended(cell: Cell, result: Result) -> str:
        sheet.add(cell, result)
        return f"{cell.arm.name}, seed {cell.seed}"

    side_by_side(run, lacking, processes=processes, ended=ended)


def make(asked: World) -> int:
    """Generate a world, or find it; how many pairs it has."""
    return len(world(*asked))
