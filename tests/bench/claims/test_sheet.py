"""Resumption: a cell that has a result is not taken again."""

from dataclasses import replace
from pathlib import Path

from bench.claims.arm import Arm, Cell
from bench.claims.recipe import Recipe
from bench.claims.sheet import Sheet

DPO = Arm("dpo", Recipe("critique"), {"type": "dpo", "dpo": {"beta": 0.1}})
CELLS = [Cell(DPO, 0), Cell(replace(DPO, recipe=Recipe("critique", swapped=0.2)), 0), Cell(DPO, 1)]


def test_a_measurement_that_is_broken_off_goes_on_behind_the_cells_that_have_ended(tmp_path: Path) -> None:
    first = Sheet(tmp_path / "claims" / "cells.jsonl")
    assert first.lacking(CELLS) == CELLS
    first.add(CELLS[1], {"gold": "10"})
    again = Sheet(tmp_path / "claims" / "cells.jsonl")
    assert again.results == {CELLS[1].key: {"gold": "10"}}
    assert again.lacking(CELLS) == [CELLS[0], CELLS[2]]


def test_a_line_that_was_not_written_to_its_end_is_taken_again(tmp_path: Path) -> None:
    file = tmp_path / "cells.jsonl"
    Sheet(file).add(CELLS[0], {"gold": "10"})
    with file.open("a") as stream:
        stream.write('{"key": "abc", "resu')
    again = Sheet(file)
    assert again.lacking(CELLS) == CELLS[1:]
    again.add(CELLS[1], {"gold": "01"})
    assert Sheet(file).lacking(CELLS) == CELLS[2:]


def test_the_key_goes_by_the_work_and_not_by_the_name(tmp_path: Path) -> None:
    same = Cell(replace(DPO, name="another name"), 0)
    assert same.key == CELLS[0].key
    assert Sheet(tmp_path / "cells.jsonl").lacking([CELLS[0], same]) == [CELLS[0]]
    others = [
        Cell(DPO, 1),
        Cell(replace(DPO, method={"type": "dpo", "dpo": {"beta": 0.2}}), 0),
        Cell(replace(DPO, training={"epochs": 3}), 0),
        Cell(replace(DPO, recipe=Recipe("hot")), 0),
        Cell(replace(DPO, exam="style"), 0),
        Cell(replace(DPO, habit=True), 0),
    ]
    assert len({cell.key for cell in [*others, same]}) == len(others) + 1
