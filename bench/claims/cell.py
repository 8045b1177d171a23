"""One cell from its pairs to its figures."""

import time
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from bench.claims import exam, models
from bench.claims.arm import Arm, Cell
from bench.claims.recipe import Data, Recipe, data
from bench.claims.school import school
from core.configs.run import RunConfig
from trainer.student import Student

Result = dict[str, Any]
HABIT = Arm("habit", Recipe("habit"), {"type": "sft"}, {"epochs": 4})


def run(cell: Cell) -> Result:
    """Train and examine; what comes out goes into a line of JSON."""
    begun = time.monotonic()
    examine = style_cell if cell.arm.exam == "style" else gold_cell
    return examine(cell, data(cell.arm.recipe, cell.seed)) | {"seconds": round(time.monotonic() - begun, 2)}


def gold_cell(cell: Cell, found: Data) -> Result:
    """Right answers after the training, what the pairs were like, and how far the policy went."""
    config = cell.arm.config(seed=cell.seed, tau=found.tau)
    learner = models.student(config.training)
    told = _trained(learner, found, config) if cell.arm.method else {}
    return exam.gold(learner, cell.seed) | found.facts() | told


def style_cell(cell: Cell, found: Data) -> Result:
    """The style before and after, and the perplexity elsewhere."""
    config = cell.arm.config(seed=cell.seed, tau=found.tau)
    learner = models.student(config.training)
    if cell.arm.habit:
        habit = data(HABIT.recipe, cell.seed)
        school(learner, habit.pairs, HABIT.config(seed=cell.seed, tau=habit.tau))
    taken = exam.style_exam(learner, cell.arm.recipe.source, cell.seed)
    school(learner, found.pairs, config)
    return taken.after(learner) | found.shows()


def _trained(learner: Student, found: Data, config: RunConfig) -> Result:
    report = school(learner, found.pairs, config)
    beta = float(getattr(config.method.hyperparameters, "beta", 1.0))
    told = strayed([value / beta for value in report.abs_z], config.training.epochs)
    return told if report.unequal is None else told | {"unequal_under_swap": report.unequal}


def strayed(abs_h: Sequence[float], epochs: int) -> Result:
    """mean |h| of each epoch, nats; that of the last, and by which share it is above that of the middle one."""
    steps = len(abs_h) // epochs
    by_epoch = [fmean(abs_h[start : start + steps]) for start in range(0, len(abs_h), steps)]
    middle = by_epoch[(epochs - 1) // 2]
    return {"abs_h": [round(h, 4) for h in by_epoch], "h_end": by_epoch[-1], "h_rise": by_epoch[-1] / middle - 1}
