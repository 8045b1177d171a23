"""Alpha-DPO beside SimPO and DPO, on pairs whose true gaps differ and on pairs whose gaps are all the same."""

from bench.claims.arm import Arm
from bench.claims.inequality import Inequality, gap
from bench.claims.recipe import Recipe

METHODS = {
    "alpha_dpo": {"beta": 2.5, "gamma_over_beta": 0.6, "alpha": 0.2},
    "simpo": {"beta": 2.5, "gamma_over_beta": 0.6},
    "dpo": {"beta": 0.1},
}


def arms() -> list[Arm]:
    """Each method on either set."""
    return [
        Arm(f"{name} {source}", Recipe(source), {"type": name, name: values})
        for source in ("mixed", "even")
        for name, values in METHODS.items()
    ]


def inequalities() -> list[Inequality]:
    """What must hold."""
    alpha, simpo, dpo = (f"{name} mixed" for name in METHODS)
    return [
        Inequality(
            "alpha_dpo/simpo", "gold(alpha_dpo) >= gold(simpo) - .01, mixed gaps", gap(alpha, simpo), -0.01, ">="
        ),
        Inequality("alpha_dpo/dpo", "gold(alpha_dpo) > gold(dpo), mixed gaps", gap(alpha, dpo)),
    ]
