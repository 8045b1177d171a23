"""Reward distillation: how far it goes from the reference beside DPO, and what an ensemble does about a length bias."""

from typing import Any

from bench.claims.arm import NATURAL, Arm
from bench.claims.inequality import Inequality, Term, gap
from bench.claims.recipe import Recipe

BETA = 0.1
LONG = {"epochs": 16, "schedule": "constant"}  # past where scores are fitted, at a rate that does not fall
GAMMA = 0.01


def method(**values: Any) -> dict[str, Any]:
    """Reward distillation with these values."""
    return {"type": "reward_distillation", "reward_distillation": {"beta": BETA, **values}}


DPO: dict[str, Any] = {"type": "dpo", "dpo": {"beta": BETA}}


def arms() -> list[Arm]:
    """Two long trainings on natural pairs; short ones under the length bias, where scores have scale 1 already."""
    natural, length = Recipe("critique"), Recipe("length")
    return [
        Arm("dpo long", natural, DPO, LONG),
        Arm("single long", natural, method(tau=NATURAL), LONG),
        Arm("dpo length", length, DPO),
        Arm("single length", length, method(tau=1.0)),
        Arm("ensemble length", length, method(tau=1.0, scorers="all")),
        Arm("ensemble and KL length", length, method(tau=1.0, scorers="all", gamma=GAMMA)),
    ]


def inequalities() -> list[Inequality]:
    """What must hold."""
    dpo, single, ensemble = "dpo length", "single length", "ensemble length"
    return [
        Inequality(
            "reward_distillation/dpo-grows", "mean |h| of dpo grows from the middle epoch to the last, as a share",
            (Term("dpo long", "h_rise"),),
        ),
        Inequality(
            "reward_distillation/bounded", "mean |h| of reward_distillation rises by less than a tenth meanwhile",
            (Term("single long", "h_rise"),), 0.1, "<",
        ),
        Inequality(
            "reward_distillation/below", "mean |h| of the last epoch, nats: reward_distillation < dpo",
            gap("single long", "dpo long", "h_end"), 0.0, "<",
        ),
        Inequality(
            "reward_distillation/ensemble", "gold(ensemble) >= gold(single), labels by a scorer that likes length",
            gap(ensemble, single), 0.0, ">=",
        ),
        Inequality(
            "reward_distillation/single", "gold(single) >= gold(dpo), labels by a scorer that likes length",
            gap(single, dpo), 0.0, ">=",
        ),
    ]  # fmt: skip
