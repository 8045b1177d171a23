"""Refined DPO: (a) to (e) of what must hold, and the sweep of the reward model's errors."""

from typing import Any

from bench.claims.arm import NATURAL, Arm
from bench.claims.inequality import Inequality, Term, gap
from bench.claims.recipe import Recipe

BETA = 0.1
SWAPS = (0.0, 0.2, 0.4)
SWEEPS = {  # by the share of swapped pairs: shares of scores with the wrong sign
    0.2: (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    0.0: (0.0, 0.2, 0.4),
}
FORMS = ("soft", "offset", "weight", "filter", "relabel")
SCORELESS = ("dpo", "conservative_dpo", "robust_dpo")
USUAL = 0.1  # epsilon where no errors are planted


def method(name: str, epsilon: float = USUAL) -> dict[str, Any]:
    """A method, or a form of rdpo. Those that take the share of wrong labels are told the planted one."""
    if name in FORMS:
        return {"type": "rdpo", "rdpo": {"beta": BETA, "form": name, "tau": NATURAL}}
    values = {"beta": BETA} if name == "dpo" else {"beta": BETA, "epsilon": epsilon}
    return {"type": name, name: values}


def arm(name: str, recipe: Recipe) -> Arm:
    """An arm by its method and what is planted."""
    return Arm(called(name, recipe), recipe, method(name, recipe.swapped or USUAL))


def called(name: str, recipe: Recipe) -> str:
    """Its name: `soft`, `soft swaps .2`, `soft swaps .2 errors .1`, `soft hot`, `soft shuffled`."""
    planted = [("swaps", recipe.swapped), ("errors", recipe.misjudged)]
    marks = [f"{what} {share:.1f}".replace("0.", ".") for what, share in planted if share]
    marks += ["shuffled"] if recipe.shuffled else []
    return " ".join([name, *([recipe.source] if recipe.source != "critique" else []), *marks])


def natural(**planted: Any) -> Recipe:
    """The teacher's own pairs with what is planted in them."""
    return Recipe("critique", **planted)


def arms() -> list[Arm]:
    """Of (a), (b), (c) and (e)."""
    told = (*SCORELESS, "soft", "filter", "relabel")
    return [
        Arm("untuned", natural()),
        *(arm(name, natural(swapped=share)) for share in SWAPS for name in told),
        *(arm("soft", natural(swapped=share, shuffled=True)) for share in SWAPS),
        *(arm(name, Recipe("hot")) for name in told),
    ]


def swept() -> list[Arm]:
    """Of (d): every form by the reward model's errors, and dpo, under both kinds of labels."""
    sweep = ((swapped, share) for swapped, levels in SWEEPS.items() for share in levels)
    return [
        *(arm("dpo", natural(swapped=swapped)) for swapped in SWEEPS),
        *(arm(form, natural(swapped=swapped, misjudged=share)) for swapped, share in sweep for form in FORMS),
    ]


def inequalities() -> list[Inequality]:
    """What must hold."""
    law = "pairs whose soft loss a swap changes in any bit: none"
    return [
        *(_swaps(share) for share in SWAPS[1:]),
        Inequality("rdpo/a/law", law, (Term("soft", "unequal_under_swap"),), 0.5, "<"),
        Inequality("rdpo/b", "gold(soft) >= gold(dpo) - .02, natural pairs", gap("soft", "dpo"), -0.02, ">="),
        Inequality("rdpo/c", "gold(soft) > gold(dpo), a hot teacher's own errors", gap("soft hot", "dpo hot")),
        *(_shuffled(share) for share in SWAPS[1:]),
    ]


def _swaps(share: float) -> Inequality:
    recipe = natural(swapped=share)
    says = f"gold(soft) > gold(dpo), {share:.0%} of the pairs swapped"
    return Inequality(f"rdpo/a/{share:.0%}", says, gap(called("soft", recipe), called("dpo", recipe)))


def _shuffled(share: float) -> Inequality:
    recipe, other = natural(swapped=share), natural(swapped=share, shuffled=True)
    says = f"gold(soft, shuffled scores) <= gold(dpo) + .02, {share:.0%} of the pairs swapped"
    return Inequality(f"rdpo/e/{share:.0%}", says, gap(called("soft", other), called("dpo", recipe)), 0.02, "<=")
