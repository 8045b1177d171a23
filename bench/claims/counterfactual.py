"""The four variants of counterfactual pairs, trained on with dpo."""

from bench.claims.arm import Arm
from bench.claims.inequality import Inequality, Term
from bench.claims.recipe import Recipe
from bench.claims.style import TREATMENTS

DPO = {"type": "dpo", "dpo": {"beta": 0.1}}
LONG = {"epochs": 4}  # twice as long: a style that is never shown under the control prompt is far to go
SFT = {"type": "dpo", "dpo": {"beta": 0.1, "sft_weight": 1.0}}
HABIT = ("dis", "contrastive")  # there must be a style that can fall


def arms() -> list[Arm]:
    """One for each variant; and enc with an SFT term beside it, which raises what the margin alone need not raise."""
    told = [Arm(variant, Recipe(variant), DPO, LONG, exam="style", habit=variant in HABIT) for variant in TREATMENTS]
    return [*told, Arm("enc and sft", Recipe("enc"), SFT, LONG, exam="style")]


def inequalities() -> list[Inequality]:
    """What must hold."""
    control, asked = "planted style under the control prompt", "planted style under the instruction"
    return [
        Inequality("counterfactual/enc", f"enc: {control} rises by more than .3", _change("enc"), 0.3),
        *(Inequality(f"counterfactual/{name}", f"{name}: {control} falls", _change(name), 0.0, "<") for name in HABIT),
        Inequality(
            "counterfactual/negation",
            f"negation: {asked}, less half of what it was",
            _change("negation", 0.5),
            0.0,
            "<",
        ),
        *(_untouched(name) for name in TREATMENTS),
    ]


def _change(variant: str, share: float = 1.0) -> tuple[Term, ...]:
    """The rate after the training, less a share of that before."""
    return Term(variant, "style"), Term(variant, "style_before", -share)


def _untouched(variant: str) -> Inequality:
    says = f"{variant}: perplexity on untouched prompts rises by less than a tenth"
    return Inequality(f"counterfactual/{variant}/untouched", says, (Term(variant, "perplexity_rise"),), 0.1, "<")
